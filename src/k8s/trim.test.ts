import { describe, expect, it } from '@jest/globals'
import { trimObject } from './trim.js'

describe('trimObject', () => {
  it('drops managedFields and the copy that kubectl keeps, and nothing else', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}', mine: 'stays' }
    const object = { metadata: { name: 'a', managedFields: [{}], labels: { l: '1' }, annotations }, spec: { x: 1 } }
    expect(trimObject(object)).toEqual({ metadata: { name: 'a', labels: { l: '1' }, annotations: { mine: 'stays' } }, spec: { x: 1 } })
    expect(object.metadata.managedFields).toEqual([{}])
  })
})
