import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { TYPE_URL } from '../resource.js'
import type { AppliedChange } from '../revision-draft.js'
import { UnseenChanges } from './unseen-changes.js'

const change = (name: string): AppliedChange => ({ typeUrl: TYPE_URL.cluster, name, previous: undefined, current: undefined })

describe('UnseenChanges', () => {
  it('shows each change once, in the order in which they came, whatever the pieces', () => {
    const steps = fc.array(fc.oneof(fc.record({ add: fc.nat({ max: 5 }) }), fc.record({ look: fc.nat({ max: 7 }) })), { maxLength: 30 })
    fc.assert(
      fc.property(steps, (all) => {
        const unseen = new UnseenChanges()
        const came: string[] = []
        const seen: string[] = []
        const look = (most: number): void =>
          unseen.look(most, ({ name }, revision, isInitial) => seen.push(`${name} ${revision} ${isInitial}`))
        for (const [revision, step] of all.entries()) {
          if ('add' in step) {
            const names = Array.from({ length: step.add }, (_, at) => `${revision}-${at}`)
            came.push(...names.map((name) => `${name} ${revision} ${revision < 5}`))
            unseen.add(names.map(change), revision, revision < 5)
          } else {
            const before = seen.length
            look(step.look)
            expect(seen.length - before).toBe(Math.min(step.look, came.length - before))
          }
          expect(unseen.isEmpty).toBe(seen.length === came.length)
        }
        look(Number.POSITIVE_INFINITY)
        expect(seen).toEqual(came)
      }),
    )
  })
})
