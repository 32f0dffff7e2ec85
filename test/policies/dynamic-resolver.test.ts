/** Backends of the type DynamicResolver through the real Envoy: requests go to the host that they name, and to none inside unless it is allowed. */
import { expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { authorities } from '../features/tls-manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority } from '../support/certificates.js'
import { startBackend } from '../support/http-backend.js'
import { policyField } from './coverage/policy-field.js'

const world = featureWorld(['a', 'b'])
const DYNAMIC = httpRoute('r', `[${under('/fixed', to('a'))}, {${to('anywhere')}}]`)
const resolver = (more = '') => `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: anywhere}
spec: {type: DynamicResolver${more}}
`
const INSIDE = resolver(', dynamicResolver: {allowPrivateAddresses: true}')

/** Who answers a request for a port under a name of this machine. */
const at = (name: string, host = 'localhost') => world.answerer({ host: `${host}:${world.backend(name).port}` })

policyField(['Backend type', 'Backend dynamicResolver.allowPrivateAddresses'], 'sends each request to the host that it names', async () => {
  await world.write(DYNAMIC, INSIDE)
  expect(world.conditions('Backend/default/anywhere')).toEqual(['Accepted=True/Accepted'])
  expect([await at('a'), await at('b'), await at('b', '127.0.0.1')]).toEqual(['a', 'b', 'b'])
  expect(await world.answerer({ host: 'no.such.host.invalid' })).toBe(503)
  expect(await world.answerer({ path: '/fixed', host: 'no.such.host.invalid' })).toBe('a')
})

it.each(['localhost', '127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0.0.0.0', '2130706433', '0x7f.1'])(
  'the host %s is inside, and not reached',
  async (host) => {
    await world.write(DYNAMIC, INSIDE)
    expect(await at('a')).toBe('a')
    // The same name goes nowhere as soon as it is forbidden, though its address is known.
    await world.write(DYNAMIC, resolver())
    const before = world.backend('a').requests.length
    expect(await at('a', host)).toBe(503)
    expect(world.backend('a').requests.length).toBe(before)
    expect(await world.answerer({ path: '/fixed' })).toBe('a')
  },
  60_000,
)

it('the host that a route sets is the one', async () => {
  const rewrite = `filters: [{type: URLRewrite, urlRewrite: {hostname: localhost}}]`
  await world.write(httpRoute('r', `[{${rewrite}, ${to('anywhere')}}]`), INSIDE)
  // Port 80 of this machine, where nobody is.
  expect(await at('a')).toBe(503)
}, 60_000)

it('over TLS the certificate must carry the host that the request names', async () => {
  const authority = await createAuthority('servers')
  const secure = await startBackend('secure', { kind: 'tls', certificate: await authority.issue({ dns: ['localhost'] }) })
  try {
    const tls = 'tls: {caCertificateRefs: [{group: "", kind: ConfigMap, name: servers}]}'
    await world.write(DYNAMIC, `${INSIDE.replace('}}', `}, ${tls}}`)}`, authorities('servers', authority.certificate))
    expect(world.conditions('Backend/default/anywhere')).toEqual(['Accepted=True/Accepted'])
    expect(await world.answerer({ host: `localhost:${secure.port}` })).toBe('secure')
    // The same server under a name that its certificate does not carry.
    expect(await world.answerer({ host: `127.0.0.1:${secure.port}` })).toBe(503)
  } finally {
    await secure.close()
  }
}, 60_000)
