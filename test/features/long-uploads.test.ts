/** Requests with long bodies reach a backend as surely as others where some of its endpoints cannot be reached. */
import { expect, it } from '@jest/globals'
import { ABOUT_ROUTE, onRoute } from '../policies/backend-traffic.js'
import { securityPolicy } from '../policies/support/attempts.js'
import { freePort } from '../support/free-port.js'
import { gateway, httpRoute, ref, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a', 'check'], () => '')
const TRIES = 20

it.each([
  { rule: 'where nobody says anything', bytes: 1_000_000, objects: [] },
  { rule: 'where a policy has the proxy wait for whole requests', bytes: 1_000_000, objects: [onRoute('requestBuffer: {limit: 1Mi}')] },
  { rule: 'where a route wants more tries', bytes: 1_000_000, objects: [onRoute('retry: {numRetries: 3}')] },
  {
    rule: 'with an answer that is tried again',
    bytes: 60_000,
    objects: [onRoute('retry: {numRetries: 3, retryOn: {httpStatusCodes: [503], triggers: [connect-failure]}}')],
  },
])('uploads reach the endpoint that is there, $rule', async ({ bytes, objects }) => {
  await world.write(half(await freePort()), gateway('gw'), httpRoute('r', `[{${to('half')}}]`), ...objects)
  expect(await failures(bytes)).toEqual([])
})

const SEES_ALL = `{type: ExternalAuth, externalAuth: {protocol: HTTP, backendRef: {${ref('check')}}, http: {}, forwardBody: {maxSize: 2000000}}}`
const LISTENER = `[{name: http, port: 80, protocol: HTTP, filters: {requests: [${SEES_ALL}]}}]`
const POLICY = `extAuth: {http: {backendRef: {${ref('check')}}}, bodyToExtAuth: {maxRequestBytes: 2000000}}`

it.each([
  { rule: 'a filter of its rule', objects: [gateway('gw'), httpRoute('r', `[{filters: [${SEES_ALL}], ${to('half')}}]`)] },
  { rule: 'a policy', objects: [gateway('gw'), httpRoute('r', `[{${to('half')}}]`), securityPolicy(`${ABOUT_ROUTE}, ${POLICY}`)] },
  { rule: 'a filter of the listener', objects: [gateway('gw', LISTENER), httpRoute('r', `[{${to('half')}}]`)] },
])('so does one that a server has seen whole because of $rule', async ({ objects }) => {
  await world.write(half(await freePort()), ...objects)
  expect(await failures(1_000_000)).toEqual([])
})

/** A Backend of which nobody listens at one of the two endpoints. */
function half(deadPort: number): string {
  return `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: half}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: ${deadPort}}}, {ip: {address: 127.0.0.1, port: ${world.backend('a').port}}}]}
`
}

async function failures(bytes: number): Promise<readonly number[]> {
  const body = 'x'.repeat(bytes)
  const statuses: number[] = []
  for (let at = 0; at < TRIES; at += 1)
    statuses.push((await world.ask({ method: 'POST', path: '/?bytes=1', body, timeoutMs: 20_000 })).status)
  return statuses.filter((status) => status !== 200)
}
