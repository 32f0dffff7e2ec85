import { describe, expect, it } from '@jest/globals'
import { objectKey } from '../util/object-ref.js'
import type { RawObject } from './kube-json.js'
import { type KnownVersions, ListedObjects } from './listed-objects.js'

const object = (name: string, resourceVersion: string): RawObject => ({ metadata: { name, namespace: 'shop', resourceVersion } })
const key = (name: string): ReturnType<typeof objectKey> => objectKey('shop', name)
const known = (versions: Readonly<Record<string, string>>): KnownVersions =>
  new Map(Object.entries(versions).map(([name, version]) => [key(name), version]))
const names = (objects: readonly RawObject[]): readonly string[] => objects.map(({ metadata }) => metadata.name)

describe('ListedObjects', () => {
  it('tells what is new or another version, and what is gone', () => {
    const versions = known({ same: '1', changed: '2', gone: '3' })
    const list = new ListedObjects(versions)
    for (const each of [object('same', '1'), object('changed', '4'), object('new', '5')]) list.add(each)
    expect(list.waiting).toBe(2)
    expect(names(list.take())).toEqual(['changed', 'new'])
    expect(list.missing()).toEqual([key('gone')])
    expect(versions).toEqual(known({ same: '1', changed: '4', new: '5' }))
  })

  it('tells an object once, with its last version', () => {
    const list = new ListedObjects(known({}))
    list.add(object('a', '1'))
    list.add(object('a', '2'))
    expect(list.take()).toEqual([object('a', '2')])
    expect(list.take()).toEqual([])
    list.add(object('a', '3'))
    expect(list.take()).toEqual([object('a', '3')])
  })

  it('does not tell what was deleted before it was taken, and counts as missing what was deleted after', () => {
    const list = new ListedObjects(known({}))
    list.add(object('a', '1'))
    list.remove(key('a'))
    list.add(object('b', '2'))
    expect(names(list.take())).toEqual(['b'])
    list.remove(key('b'))
    expect(list.missing()).toEqual([key('b')])
  })

  it('leaves what is known as it is when it is given up', () => {
    const versions = known({ a: '1', b: '2' })
    const list = new ListedObjects(versions)
    list.add(object('a', '3'))
    expect(versions).toEqual(known({ a: '1', b: '2' }))
  })
})
