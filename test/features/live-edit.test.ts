/** Two hundred random edits while clients ask routes that nobody touches: not one of their answers may be wrong. */
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway } from './manifests.js'

const EDITS = 200
const EDITED = 20
const UNTOUCHED = 5

let headgate: Standalone
let backends: readonly TestBackend[]

beforeAll(async () => {
  backends = await Promise.all(['a', 'b'].map((name) => startBackend(name)))
  headgate = await startTestStandalone()
  const untouched = Array.from({ length: UNTOUCHED }, (_, i) => route(`untouched-${i}`, [{ path: '/', to: 'a' }]))
  await headgate.write('base', [gateway('gw'), ...backends.map((each) => backend(each)), ...untouched].join('---'))
}, 60_000)

afterAll(async () => {
  await headgate?.stop()
  await Promise.all((backends ?? []).map((each) => each.close()))
})

interface Rule {
  readonly path: string
  readonly to: string
}

/** What happens to one of the edited routes. */
interface Edit {
  readonly route: number
  readonly rules: readonly Rule[] | 'removed'
}

function route(name: string, rules: readonly Rule[]): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: ${name}}
spec:
  parentRefs: [{name: gw}]
  hostnames: [${name}.example.com]
  rules: [${rules.map(({ path, to }) => `{matches: [{path: {value: ${path}}}], backendRefs: [{group: headgate.dev, kind: Backend, name: ${to}}]}`).join(', ')}]
`
}

const edits = fc.array(
  fc.record<Edit>({
    route: fc.nat(EDITED - 1),
    rules: fc.oneof(
      { weight: 1, arbitrary: fc.constant('removed' as const) },
      {
        weight: 4,
        arbitrary: fc.uniqueArray(
          fc.record<Rule>({
            path: fc.constantFrom('/', '/one', '/two', '"/bad("'),
            // The last one does not exist: its share of requests gets 500, nobody else's.
            to: fc.constantFrom('a', 'b', 'nobody'),
          }),
          { minLength: 1, maxLength: 4, selector: ({ path }) => path },
        ),
      },
    ),
  }),
  { minLength: EDITS, maxLength: EDITS },
)

it('loses no request of untouched routes while others change', async () => {
  const answers = new Map<number, number>()
  let isDone = false
  const load = Array.from({ length: UNTOUCHED }, async (_, i) => {
    while (!isDone) {
      const { status } = await headgate.send('default/gw', 80, { host: `untouched-${i}.example.com` }).catch(() => ({ status: 0 }))
      answers.set(status, (answers.get(status) ?? 0) + 1)
    }
  })
  const state = new Map<number, readonly Rule[]>()
  const [sequence = []] = fc.sample(edits, { numRuns: 1, seed: 7 })
  for (const edit of sequence) {
    if (edit.rules === 'removed') state.delete(edit.route)
    else state.set(edit.route, edit.rules)
    // Not waited for: edits overtake each other, as an editor and a git pull do.
    await headgate.put('edited', [...state].map(([index, rules]) => route(`edited-${index}`, rules)).join('---'))
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  await headgate.settle()
  isDone = true
  await Promise.all(load)
  expect([...answers.keys()]).toEqual([200])
  for (const [index, rules] of state) {
    const root = rules.find(({ path }) => path === '/')
    const { status, echo } = await headgate.send('default/gw', 80, { host: `edited-${index}.example.com` })
    expect(echo?.backend ?? status).toBe(root === undefined ? 404 : root.to === 'nobody' ? 500 : root.to)
  }
}, 60_000)
