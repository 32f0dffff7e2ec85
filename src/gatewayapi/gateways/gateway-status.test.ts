import { describe, expect, it } from '@jest/globals'
import { briefly, createTranslationWorld, type TranslationWorld } from '../../../test/support/translation-world.js'
import type { GatewayStatus, ListenerStatus } from '../object-status.js'

/** A Gateway `infra/gw` with a spec, as an object. */
const gateway = (spec: string): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gw, namespace: infra }
spec: { gatewayClassName: headgate, ${spec} }
---
`

const HTTP = '{ name: http, port: 80, protocol: HTTP }'

function worldWith(...objects: string[]): TranslationWorld {
  const world = createTranslationWorld()
  for (const object of objects) world.apply(object)
  world.place('infra/gw')
  return world
}

function statusOf(world: TranslationWorld): GatewayStatus {
  const status = world.status('Gateway/infra/gw')
  if (status?.shape !== 'gateway') throw new Error('the Gateway has no status')
  return status
}

const listener = (status: GatewayStatus, name: string): ListenerStatus | undefined => status.listeners.find((each) => each.name === name)

describe('the status of a Gateway', () => {
  it('is all True for a valid Gateway whose proxies have acknowledged it', () => {
    const status = statusOf(worldWith(gateway(`listeners: [${HTTP}]`)))
    expect(briefly(status.conditions)).toEqual(['Accepted=True Accepted', 'Programmed=True Programmed', 'ResolvedRefs=True ResolvedRefs'])
    expect(status.addresses).toEqual([{ type: 'IPAddress', value: '192.0.2.1' }])
    expect(status.listeners).toEqual([
      {
        name: 'http',
        attachedRoutes: 0,
        supportedKinds: [
          { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' },
          { group: 'gateway.networking.k8s.io', kind: 'GRPCRoute' },
        ],
        conditions: expect.anything(),
      },
    ])
    expect(briefly(listener(status, 'http')?.conditions ?? [])).toEqual([
      'Accepted=True Accepted',
      'Conflicted=False NoConflicts',
      'ResolvedRefs=True ResolvedRefs',
      'Programmed=True Programmed',
    ])
  })

  it('says what keeps further proxies away, although it serves', () => {
    const world = worldWith(gateway(`listeners: [${HTTP}]`))
    world.translation.inputs.addresses.set('infra/gw', {
      assigned: [{ type: 'IPAddress', value: '192.0.2.1' }],
      shortage: 'The cluster refuses further pods.',
    })
    expect(statusOf(world).conditions).toContainEqual(
      expect.objectContaining({
        type: 'Programmed',
        status: 'True',
        message: expect.stringMatching(/ The cluster refuses further pods\.$/),
      }),
    )
  })

  it('has the generation of the object in every condition', () => {
    const world = worldWith(gateway(`listeners: [${HTTP}]`))
    world.apply(gateway(`listeners: [${HTTP}, { name: more, port: 81, protocol: HTTP }]`))
    const status = statusOf(world)
    const all = [...status.conditions, ...status.listeners.flatMap((each) => each.conditions)]
    expect(new Set(all.map((condition) => condition.observedGeneration))).toEqual(new Set([2]))
  })

  it('is said of Gateways of our classes only', () => {
    const world = worldWith(gateway(`listeners: [${HTTP}]`).replace('gatewayClassName: headgate', 'gatewayClassName: other'))
    expect(world.status('Gateway/infra/gw')).toBeUndefined()
  })

  it.each([
    {
      rule: 'one of two listeners is not valid: accepted, with the reason',
      spec: `listeners: [${HTTP}, { name: bad, port: 1111, protocol: INVALID }]`,
      want: ['Accepted=True ListenersNotValid', 'Programmed=True Programmed', 'ResolvedRefs=True ResolvedRefs'],
    },
    {
      rule: 'no listener is valid: not accepted',
      spec: 'listeners: [{ name: bad, port: 1111, protocol: INVALID }]',
      want: ['Accepted=False ListenersNotValid', 'Programmed=False Invalid', 'ResolvedRefs=True ResolvedRefs'],
    },
    {
      rule: 'an address of a type that we do not know',
      spec: `listeners: [${HTTP}], addresses: [{ type: test/fake-invalid-type, value: x }]`,
      want: [
        'Accepted=False UnsupportedAddress',
        'Programmed=False Invalid',
        'ResolvedRefs=True ResolvedRefs',
        'AddressesAssigned=False NotAssigned',
      ],
    },
    {
      rule: 'an address without a value is assigned by any of its type',
      spec: `listeners: [${HTTP}], addresses: [{ type: IPAddress }]`,
      want: [
        'Accepted=True Accepted',
        'Programmed=True Programmed',
        'ResolvedRefs=True ResolvedRefs',
        'AddressesAssigned=True AddressesAssigned',
      ],
    },
    {
      rule: 'one of two addresses is assigned',
      spec: `listeners: [${HTTP}], addresses: [{ value: 192.0.2.1 }, { value: 192.0.2.2 }]`,
      want: [
        'Accepted=True Accepted',
        'Programmed=True Programmed',
        'ResolvedRefs=True ResolvedRefs',
        'AddressesAssigned=False PartiallyAssigned',
      ],
    },
    {
      rule: 'a routability that is not ours to promise',
      spec: `listeners: [${HTTP}], addresses: [{ type: IPAddress, routability: testing.x-k8s.io/sentinel }]`,
      want: [
        'Accepted=True Accepted',
        'Programmed=False AddressNotAssigned',
        'ResolvedRefs=True ResolvedRefs',
        'AddressesAssigned=False NotAssigned',
      ],
    },
    {
      rule: 'one routability of two',
      spec: `listeners: [${HTTP}], addresses: [{ type: IPAddress }, { type: IPAddress, routability: Cluster }]`,
      want: [
        'Accepted=True Accepted',
        'Programmed=True Programmed',
        'ResolvedRefs=True ResolvedRefs',
        'AddressesAssigned=False PartiallyAssigned',
      ],
    },
    {
      rule: 'parameters of a kind that we do not know',
      spec: `listeners: [${HTTP}], infrastructure: { parametersRef: { group: example.com, kind: Fake, name: x } }`,
      want: ['Accepted=False InvalidParameters', 'Programmed=False Invalid', 'ResolvedRefs=True ResolvedRefs'],
    },
    {
      rule: 'a default Gateway says so',
      spec: `listeners: [${HTTP}], defaultScope: All`,
      want: [
        'Accepted=True Accepted',
        'Programmed=True Programmed',
        'ResolvedRefs=True ResolvedRefs',
        'DefaultGateway=True DefaultGateway',
      ],
    },
    {
      rule: 'a client certificate for backends that does not exist: accepted all the same',
      spec: `listeners: [${HTTP}], tls: { backend: { clientCertificateRef: { name: missing } } }`,
      want: ['Accepted=True Accepted', 'Programmed=True Programmed', 'ResolvedRefs=False InvalidClientCertificateRef'],
    },
    {
      rule: 'a client certificate for backends of a kind that holds none',
      spec: `listeners: [${HTTP}], tls: { backend: { clientCertificateRef: { kind: Fake, group: example.com, name: cert } } }`,
      want: ['Accepted=True Accepted', 'Programmed=True Programmed', 'ResolvedRefs=False InvalidClientCertificateRef'],
    },
    {
      rule: 'a client certificate for backends in another namespace without a grant',
      spec: `listeners: [${HTTP}], tls: { backend: { clientCertificateRef: { name: cert, namespace: other } } }`,
      want: ['Accepted=True Accepted', 'Programmed=True Programmed', 'ResolvedRefs=False RefNotPermitted'],
    },
    {
      rule: 'references of a listener that are not resolved',
      spec: `listeners: [${HTTP}, { name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: missing }] } }]`,
      want: ['Accepted=True ListenersNotValid', 'Programmed=True Programmed', 'ResolvedRefs=False ListenersNotResolved'],
    },
  ])('$rule', ({ spec, want }) => {
    expect(briefly(statusOf(worldWith(gateway(spec))).conditions)).toEqual(want)
  })

  it('has the routability of each address', () => {
    const world = worldWith(gateway(`listeners: [${HTTP}], addresses: [{ type: IPAddress, routability: Cluster }]`))
    world.translation.inputs.addresses.set('infra/gw', { assigned: [{ type: 'IPAddress', value: '10.96.0.7', routability: 'Cluster' }] })
    const status = statusOf(world)
    expect(status.addresses).toEqual([{ type: 'IPAddress', value: '10.96.0.7', routability: 'Cluster' }])
    expect(briefly(status.conditions)).toContain('AddressesAssigned=True AddressesAssigned')
    expect(world.translation.gatewayApi.infra.get('infra/gw')?.services[0]?.gateways[0]?.addresses).toEqual([
      { type: 'IPAddress', routability: 'Cluster' },
    ])
  })

  it('says that clients get in without a valid certificate only while they do', () => {
    const spec = (mode: string): string =>
      `listeners: [${HTTP}], tls: { frontend: { default: { validation: { mode: ${mode}, caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] } } } }`
    const world = worldWith(gateway(spec('AllowInsecureFallback')))
    const insecure = 'InsecureFrontendValidationMode=True ConfigurationChanged'
    expect(briefly(statusOf(world).conditions)).toContain(insecure)
    world.apply(gateway(spec('AllowValidOnly')))
    expect(briefly(statusOf(world).conditions)).not.toContain(insecure)
  })
})

describe('Programmed', () => {
  const programmed = (world: TranslationWorld): string | undefined =>
    statusOf(world).conditions.flatMap(({ type, status, reason, message }) =>
      type === 'Programmed' ? [`${status} ${reason}: ${message}`] : [],
    )[0]

  it('waits for an address, for a proxy, and for its acknowledgement of this very generation', () => {
    const world = createTranslationWorld()
    const { inputs } = world.translation
    world.apply(gateway(`listeners: [${HTTP}]`))
    expect(programmed(world)).toBe('False Pending: No address has been assigned yet.')
    inputs.addresses.set('infra/gw', { assigned: [] })
    expect(programmed(world)).toMatch(/^False AddressNotAssigned/)
    inputs.addresses.set('infra/gw', { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
    expect(programmed(world)).toBe('False Pending: No proxy is connected yet.')
    const absence = { reason: 'NoResources', message: 'The quota is used up.' } as const
    inputs.addresses.set('infra/gw', { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }], absence })
    expect(programmed(world)).toBe('False NoResources: The quota is used up.')
    inputs.addresses.set('infra/gw', { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
    inputs.deliveries.set('Gateway/infra/gw', { acknowledgedGeneration: 0, state: 'pending' })
    expect(programmed(world)).toMatch(/^False Pending: The proxies have not acknowledged/)
    inputs.deliveries.set('Gateway/infra/gw', { acknowledgedGeneration: 1, state: 'delivered' })
    expect(programmed(world)).toMatch(/^True Programmed/)
    inputs.deliveries.set('Gateway/infra/gw', { acknowledgedGeneration: 1, state: 'noProxy' })
    expect(programmed(world)).toMatch(/^True Programmed/)
    world.apply(gateway(`listeners: [${HTTP}]`))
    expect(programmed(world)).toMatch(/^False Pending/)
  })

  it('tells what the infrastructure says of the addresses', () => {
    const world = worldWith(gateway(`listeners: [${HTTP}], addresses: [{ value: 192.0.2.9 }]`))
    world.translation.inputs.addresses.set('infra/gw', {
      assigned: [],
      problem: { reason: 'AddressNotUsable', message: '192.0.2.9 belongs to nobody here.' },
    })
    expect(programmed(world)).toBe('False AddressNotUsable: 192.0.2.9 belongs to nobody here.')
  })

  it("tells Envoy's own words about a refused Gateway, on its listeners too, until it changes", () => {
    const world = worldWith(gateway(`listeners: [${HTTP}]`))
    world.translation.inputs.quarantines.set('Gateway/infra/gw', { generation: 1, state: 'rejected', message: 'no such cipher' })
    expect(programmed(world)).toBe('False Invalid: Envoy refused the configuration: no such cipher')
    expect(briefly(listener(statusOf(world), 'http')?.conditions ?? [])).toContain('Programmed=False Invalid')
    world.apply(gateway(`listeners: [${HTTP}]`))
    expect(programmed(world)).toMatch(/^True Programmed/)
  })

  it('says of an address that a machine does not let a proxy have whose fault it is, and that it is tried again', () => {
    const world = worldWith(gateway(`listeners: [${HTTP}]`))
    const message = "Error adding/updating listener(s) infra/gw/0.0.0.0/8086/tcp: cannot bind '0.0.0.0:8086': Address already in use"
    world.translation.inputs.quarantines.set('Gateway/infra/gw', { generation: 1, state: 'rejected', message })
    const said = `False Invalid: Envoy refused the configuration: ${message}. The machine of a proxy does not let it have this address`
    expect(programmed(world)).toContain(said)
    expect(programmed(world)).toMatch(/In a cluster it is tried again each minute\.$/)
  })
})
