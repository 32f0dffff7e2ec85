import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Graph } from '../../../incremental/index.js'
import type { ObjectVersion } from '../../../util/object-ref.js'
import { contentHash } from '../encoded.js'
import { declareHooked, type Hookable } from './declare-hooked.js'
import { type HookAnswer, type HookFailurePolicy, hookKey, hookOrigin, hookQuarantine, sameAnswer } from './hook.js'

interface Thing {
  readonly name: string
  readonly text: string
  readonly version: string
  readonly origins: readonly ObjectVersion[]
}

const ORIGIN: ObjectVersion = { group: 'g', kind: 'Thing', namespace: 'n', name: 'a', generation: 1 }
const thing = (name: string, text: string): Thing => ({ name, text, version: contentHash(text), origins: [ORIGIN] })
const THING: Hookable<Thing> = {
  kind: 'Cluster',
  nameOf: ({ name }) => name,
  bytesOf: ({ text }) => Buffer.from(text),
  replace: (value, bytes, origins) => ({ ...value, text: bytes.toString(), version: contentHash(bytes), origins }),
  closed: () => undefined,
}

function world(failurePolicy: HookFailurePolicy) {
  const graph = new Graph()
  const plain = graph.input<Thing>('plain')
  const answers = graph.input<HookAnswer>('answers', sameAnswer)
  const quarantines = graph.input<{ readonly generation: number }>('quarantines')
  const hooked = declareHooked(graph, 'hooked', plain, { options: { kinds: ['Cluster'], failurePolicy }, answers, quarantines }, THING)
  return { graph, plain, answers, quarantines, ...hooked }
}

const NAMES = ['a', 'b', 'c']
type Step =
  | { readonly kind: 'plain'; readonly name: string; readonly text: string | undefined }
  | { readonly kind: 'answer'; readonly name: string; readonly to: string; readonly text: string | undefined }
  | { readonly kind: 'refused'; readonly name: string; readonly text: string | undefined }

const name = fc.constantFrom(...NAMES)
const text = fc.constantFrom('x', 'y')
const changed = fc.constantFrom('x+', 'y+')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('plain' as const), name, text: fc.option(text, { nil: undefined }) }),
  fc.record({ kind: fc.constant('answer' as const), name, to: text, text: fc.option(changed, { nil: undefined }) }),
  fc.record({ kind: fc.constant('refused' as const), name, text: fc.option(changed, { nil: undefined }) }),
)

describe.each<HookFailurePolicy>(['Ignore', 'Fail'])('what an extension server changes, with %s', (policy) => {
  it('is what it answered about this version, unless Envoy refused that, and depends on nothing before', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const { graph, plain, answers, quarantines, resources, questions } = world(policy)
        for (const each of steps) {
          if (each.kind === 'plain') plain.set(each.name, each.text === undefined ? undefined : thing(each.name, each.text))
          else if (each.kind === 'answer') {
            const value = each.text === undefined ? undefined : Buffer.from(each.text)
            answers.set(hookKey('Cluster', each.name), { version: contentHash(each.to), value })
          } else {
            const generation = each.text === undefined ? undefined : hookOrigin('Cluster', each.name, Buffer.from(each.text)).generation
            quarantines.set(hookQuarantine('Cluster', each.name), generation === undefined ? undefined : { generation })
          }
          graph.flush()
          for (const called of NAMES) {
            const value = plain.get(called)
            const answer = answers.get(hookKey('Cluster', called))
            const isAnswered = value !== undefined && answer?.version === value.version
            const origin = answer?.value && hookOrigin('Cluster', called, answer.value)
            const isRefused = origin !== undefined && quarantines.get(hookQuarantine('Cluster', called))?.generation === origin.generation
            const without = policy === 'Ignore' ? value?.text : undefined
            const wanted = !isAnswered || isRefused ? without : (answer?.value?.toString() ?? value.text)
            expect(resources.get(called)?.text).toBe(wanted)
            expect(questions.get(hookKey('Cluster', called))?.isAnswered).toBe(value === undefined ? undefined : isAnswered)
          }
        }
      }),
    )
  })
})

it('costs one fragment for one changed resource, and names who changed it', () => {
  const { graph, plain, answers, resources, questions } = world('Ignore')
  for (const each of NAMES) plain.set(each, thing(each, 'x'))
  graph.flush()
  questions.takeChanges()
  plain.set('b', thing('b', 'y'))
  expect(graph.flush().computed).toEqual(
    new Map([
      ['hooked', 1],
      ['hooked: questions', 1],
    ]),
  )
  expect([...questions.takeChanges().keys()]).toEqual(['Cluster b'])
  answers.set('Cluster b', { version: contentHash('y'), value: Buffer.from('y+') })
  graph.flush()
  expect(resources.get('b')?.origins.map(({ kind, name: called }) => `${kind}/${called}`)).toEqual(['Thing/a', 'ExtensionHook/Cluster b'])
})
