import { describe, expect, it } from '@jest/globals'
import { mergeParameters } from './gateway-parameters.js'

describe('mergeParameters', () => {
  it.each([
    { rule: 'nothing stays nothing', ofClass: undefined, own: undefined, want: {} },
    {
      rule: 'a value of the gateway replaces that of the class',
      ofClass: { replicas: 1, image: 'a' },
      own: { replicas: 3 },
      want: { replicas: 3, image: 'a' },
    },
    {
      rule: 'objects are merged field by field',
      ofClass: { drain: { minimumSeconds: 1, maximumSeconds: 9 } },
      own: { drain: { maximumSeconds: 30 } },
      want: { drain: { minimumSeconds: 1, maximumSeconds: 30 } },
    },
    { rule: 'lists are replaced', ofClass: { tolerations: [{ key: 'a' }] }, own: { tolerations: [] }, want: { tolerations: [] } },
  ])('$rule', ({ ofClass, own, want }) => {
    expect(mergeParameters(ofClass, own)).toEqual(want)
  })
})
