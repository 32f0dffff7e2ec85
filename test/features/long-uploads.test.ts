/** Requests with long bodies reach a backend as surely as others where some of its endpoints cannot be reached. */
import { expect, it } from '@jest/globals'
import { onRoute } from '../policies/backend-traffic.js'
import { freePort } from '../support/free-port.js'
import { httpRoute, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'])
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
  const half = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: half}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: ${await freePort()}}}, {ip: {address: 127.0.0.1, port: ${world.backend('a').port}}}]}
`
  await world.write(half, httpRoute('r', `[{${to('half')}}]`), ...objects)
  const body = 'x'.repeat(bytes)
  const statuses: number[] = []
  for (let at = 0; at < TRIES; at += 1)
    statuses.push((await world.ask({ method: 'POST', path: '/?bytes=1', body, timeoutMs: 20_000 })).status)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
})
