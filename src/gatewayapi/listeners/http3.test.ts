import { expect, it } from '@jest/globals'
import { createAuthority } from '../../../test/support/certificates.js'
import { certificateSecret, createRouteWorld, gateway } from '../../../test/support/route-world.js'

const POLICY = `
---
apiVersion: headgate.dev/v1alpha1
kind: ClientTrafficPolicy
metadata: { name: p, namespace: infra, creationTimestamp: '2026-01-01T00:00:00Z' }
spec: { targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: gw }], http3: {} }
`
const HTTPS = '{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: cert }] } }'
const cert = await (await createAuthority()).issue({ dns: ['a.example'] })

const worldWith = (listeners: string) => createRouteWorld([gateway(listeners), certificateSecret('cert', cert), POLICY])

it('opens the same port of UDP, around the proxies as well', () => {
  const { gatewayApi } = worldWith(HTTPS).translation
  expect([...gatewayApi.ports.entries()].map(([name]) => name).sort()).toEqual(['infra/gw/0.0.0.0/443/quic', 'infra/gw/0.0.0.0/443/tcp'])
  const infra = [...gatewayApi.infra.entries()].map(([, each]) => each.ports.map(({ name, protocol }) => `${name} ${protocol}`))
  expect(infra).toEqual([['tcp-443 TCP', 'udp-443 UDP']])
})

it('leaves the port to a UDP listener that has it', () => {
  const world = worldWith(`${HTTPS}, { name: dns, port: 443, protocol: UDP }`)
  const { ports } = world.translation.gatewayApi
  expect([...ports.entries()].map(([name]) => name).sort()).toEqual(['infra/gw/0.0.0.0/443/tcp', 'infra/gw/0.0.0.0/443/udp'])
  const status = world.status('ClientTrafficPolicy/infra/p')
  const [entry] = status?.shape === 'policy' ? status.ancestors : []
  expect(entry?.conditions.map(({ type, reason, message }) => [type, reason, message])).toContainEqual([
    'PartiallyInvalid',
    'UnsupportedValue',
    'http3: not for the listener "https": a UDP listener has the port.',
  ])
})
