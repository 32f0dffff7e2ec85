import { describe, expect, it } from '@jest/globals'
import type { KubeObject } from '../../provider/provider.js'
import { LastGood } from './last-good.js'

const version = (generation: number, spec: object = {}): KubeObject => {
  const metadata = { name: 'b', namespace: 'n', uid: 'u', generation, creationTimestamp: '' }
  return { apiVersion: 'v1', kind: 'Backend', metadata, ...{ spec: { ...spec, generation } } }
}
const NAME = 'Backend/n/b'
const [one, two, three] = [version(1), version(2), version(3)]

describe('the last good version of an object whose delivery is not followed', () => {
  const changed = () => {
    const kept = new LastGood()
    kept.changed(NAME, one, two, undefined)
    kept.published(
      () =>
        new Map([
          ['g', 7],
          ['h', 1],
        ]),
    )
    return kept
  }

  it('is the one before until every group has acknowledged the change', () => {
    const kept = changed()
    expect(kept.get(NAME)).toBe(one)
    kept.progress((group) => group === 'g')
    expect(kept.get(NAME)).toBe(one)
    kept.progress((_group, revision) => revision <= 7)
    expect(kept.get(NAME)).toBeUndefined()
  })

  it('stays what it is when the object changes again before that', () => {
    const kept = changed()
    kept.changed(NAME, two, three, undefined)
    expect(kept.get(NAME)).toBe(one)
    // The second change is not published yet: nothing proves it.
    kept.progress(() => true)
    expect(kept.get(NAME)).toBe(one)
  })

  it('is none for a new object, and for one that is gone', () => {
    const kept = changed()
    kept.changed(NAME, two, undefined, undefined)
    expect(kept.get(NAME)).toBeUndefined()
    kept.changed(NAME, undefined, three, undefined)
    expect(kept.get(NAME)).toBeUndefined()
  })

  it('is none where the change concerns security, and is not made up from what came after', () => {
    const kept = new LastGood()
    const closed = version(2, { tls: { mode: 'Mutual' } })
    kept.changed(NAME, one, closed, undefined)
    expect(kept.get(NAME)).toBeUndefined()
    kept.changed(NAME, closed, version(3, { tls: { mode: 'Mutual' } }), undefined)
    expect(kept.get(NAME)).toBeUndefined()
  })
})

describe('the last good version of an object whose delivery is followed', () => {
  it('is the one that every proxy has acknowledged, until a later one is delivered', () => {
    const kept = new LastGood()
    kept.changed(NAME, one, two, 1)
    kept.changed(NAME, two, three, 1)
    kept.progress(() => true)
    expect(kept.get(NAME)).toBe(one)
    kept.delivered(NAME)
    expect(kept.get(NAME)).toBeUndefined()
    kept.changed(NAME, two, three, 1)
    expect(kept.get(NAME)).toBeUndefined()
  })
})
