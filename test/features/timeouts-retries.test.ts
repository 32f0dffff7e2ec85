/** Timeouts and retries of rules. */
import { expect } from '@jest/globals'
import { freePort } from '../support/free-port.js'
import { feature } from './feature.js'
import { httpRoute, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'])
const write = (rest: string) => world.write(httpRoute('r', `[{${rest}, ${to('a')}}]`))
let keys = 0

/** Asks for an answer after a number of failures; how many tries the backend saw. */
async function tries(query: string): Promise<{ readonly status: number; readonly tries: number; readonly milliseconds: number }> {
  const path = `/?key=k${++keys}&${query}`
  const begin = performance.now()
  const { status } = await world.ask({ path, timeoutMs: 15_000 })
  return {
    status,
    tries: world.backend('a').requests.filter((each) => each.path === path).length,
    milliseconds: performance.now() - begin,
  }
}

feature(['HTTPRoute spec.rules.timeouts.request'], 'answers 504 when the whole answer takes too long; 0s means no limit', async () => {
  await write('timeouts: {request: 200ms}')
  expect(await tries('delayMs=1000')).toMatchObject({ status: 504 })
  expect(await tries('delayMs=20')).toMatchObject({ status: 200 })
  await write('timeouts: {request: 0s}')
  expect(await tries('delayMs=1000')).toMatchObject({ status: 200 })
})

feature(['HTTPRoute spec.rules.timeouts.backendRequest'], 'answers 504 when one try takes too long', async () => {
  await write('timeouts: {backendRequest: 200ms}')
  expect(await tries('delayMs=1000')).toMatchObject({ status: 504, tries: 1 })
  await write('timeouts: {backendRequest: 2s, request: 4s}')
  expect(await tries('delayMs=1000')).toMatchObject({ status: 200, tries: 1 })
})

feature(['HTTPRoute spec.rules.retry.{codes,attempts}'], 'tries again as often as it is told, for the codes that it is told', async () => {
  await write('retry: {codes: [503, 500], attempts: 2}')
  expect(await tries('failFirst=2&status=503')).toMatchObject({ status: 200, tries: 3 })
  expect(await tries('failFirst=1&status=500')).toMatchObject({ status: 200, tries: 2 })
  expect(await tries('failFirst=3&status=503')).toMatchObject({ status: 503, tries: 3 })
  expect(await tries('failFirst=1&status=502')).toMatchObject({ status: 502, tries: 1 })
  await write('retry: {codes: [503], attempts: 0}')
  expect(await tries('failFirst=1&status=503')).toMatchObject({ status: 503, tries: 1 })
})

feature(['HTTPRoute spec.rules.retry.backoff'], 'waits between tries', async () => {
  // A wait is random between nothing and the base interval, doubled from try to try: several make the sum certain enough.
  await write('retry: {codes: [503], attempts: 6, backoff: 1ms}')
  const quick = await tries('failFirst=6&status=503')
  expect(quick).toMatchObject({ status: 200, tries: 7 })
  await write('retry: {codes: [503], attempts: 6, backoff: 100ms}')
  const slow = await tries('failFirst=6&status=503')
  expect(slow).toMatchObject({ status: 200, tries: 7 })
  expect(slow.milliseconds).toBeGreaterThan(quick.milliseconds + 300)
})

feature(
  ['HTTPRoute spec.rules.retry.attempts'],
  'tries another endpoint when one cannot be reached, without being told a code',
  async () => {
    const free = await freePort()
    const both = `
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: {name: half}
spec: {endpoints: [{ip: {address: 127.0.0.1, port: ${free}}}, {ip: {address: 127.0.0.1, port: ${world.backend('a').port}}}]}
`
    const statuses = async (attempts: number) => {
      await world.write(both, httpRoute('r', `[{retry: {attempts: ${attempts}}, ${to('half')}}]`))
      const answers = await Promise.all(Array.from({ length: 30 }, () => world.ask()))
      return [...new Set(answers.map(({ status }) => status))].sort()
    }
    expect(await statuses(3)).toEqual([200])
    expect(await statuses(0)).toEqual([200, 503])
  },
)
