/** Backends of the type DynamicResolver through the real Envoy: requests go to the host that they name, and to none inside unless it is allowed. */
import { createServer } from 'node:http'
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

/** Places of this machine that a request may name, each answered where that is allowed. */
const HERE = [
  'localhost',
  'LOCALHOST',
  'LocalHost',
  'localhost.',
  '127.0.0.1',
  '0.0.0.0',
  '127.0.0.2',
  '127.255.255.254',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::0:1]',
  '[0::0001]',
  '[::]',
]
/** Others inside, and other ways to write them: nobody answers there in this test. */
const ELSEWHERE = [
  ...['[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '2130706433', '0x7f.1', '0x7f000001', '0177.0.0.1', '017700000001', '127.1'],
  ...['10.0.0.1', '192.168.1.1', '172.16.0.1', '169.254.169.254', '100.64.0.1', '[fd00::1]', '[fe80::1]'],
]

it('no way to write a host leads inside where that is not allowed', async () => {
  const { port } = world.backend('a')
  const seen: string[] = []
  const servers = await Promise.all(
    ['::1', '127.0.0.2', '127.255.255.254'].map(async (address) => {
      const server = createServer((_request, response) => {
        seen.push(address)
        response.end()
      })
      await new Promise<void>((resolve) => server.listen(port, address, resolve))
      return server
    }),
  )
  try {
    const reached = async (host: string): Promise<boolean> => {
      const before = seen.length + world.backend('a').requests.length
      await world.answerer({ host: `${host}:${port}` })
      return seen.length + world.backend('a').requests.length > before
    }
    await world.write(DYNAMIC, INSIDE)
    for (const host of HERE) expect([host, await reached(host)]).toEqual([host, true])
    // The same names go nowhere as soon as they are forbidden, though their addresses are known.
    await world.write(DYNAMIC, resolver())
    for (const host of [...HERE, ...ELSEWHERE]) expect([host, await reached(host)]).toEqual([host, false])
    expect(await world.answerer({ path: '/fixed' })).toBe('a')
  } finally {
    for (const server of servers) server.close()
  }
}, 120_000)

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
