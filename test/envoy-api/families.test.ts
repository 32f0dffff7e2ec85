/** IPv4 and IPv6 on one port: both are bound, and endpoints of both are reached. `test/cluster/families.cluster.ts` asks pods. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { freePort } from '../support/free-port.js'
import { cluster, endpoint, endpoints, forward, port, prefix, route, routeTable, translate, virtualHost, weighted } from './ir-fixtures.js'
import { runEnvoy } from './run-envoy.js'

const FAMILIES = { ipv4: '127.0.0.1', ipv6: '::1' } as const
const servers: Server[] = []
let gateway = 0
let stop = async (): Promise<void> => {}

/** A backend that answers with its own address. */
async function startServer(address: string): Promise<number> {
  const server = createServer((_request, response) => response.end(address))
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  return (server.address() as AddressInfo).port
}

beforeAll(async () => {
  gateway = await freePort()
  const families = Object.entries(FAMILIES)
  const list = await Promise.all(
    families.map(async ([name, ip]) => endpoints(name, endpoint(0, { address: { kind: 'ip', ip, port: await startServer(ip) } }))),
  )
  const routes = families.map(([name]) => route({ name, match: prefix(`/${name}`), action: forward({ clusters: [weighted(name)] }) }))
  const values = {
    ports: [port({ boundPort: gateway, addresses: [FAMILIES.ipv4, FAMILIES.ipv6] })],
    routeTables: [routeTable()],
    virtualHosts: [virtualHost(routes)],
    clusters: families.map(([name]) => cluster(name)),
    endpoints: list,
  }
  stop = await runEnvoy((await findEnvoy()).path, translate(values, { accessLog: 'off' }))
}, 120_000)

afterAll(async () => {
  await stop()
  for (const server of servers) server.close()
})

it.each([
  { at: '127.0.0.1', path: '/ipv4' },
  { at: '127.0.0.1', path: '/ipv6' },
  { at: '[::1]', path: '/ipv4' },
  { at: '[::1]', path: '/ipv6' },
])('$at is served with $path', async ({ at, path }) => {
  const answer = await fetch(`http://${at}:${gateway}${path}`)
  expect([answer.status, await answer.text()]).toEqual([200, FAMILIES[path.slice(1) as keyof typeof FAMILIES]])
})
