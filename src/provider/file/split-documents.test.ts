import { describe, expect, it } from '@jest/globals'
import { patience } from '../../../test/support/patience.js'
import { splitDocuments } from './split-documents.js'

describe('splitDocuments', () => {
  it.each([
    { rule: 'a stream without markers is one document', stream: 'a: 1\n', want: [['a: 1\n', 1]] },
    {
      rule: 'markers split',
      stream: 'a: 1\n---\nb: 2\n',
      want: [
        ['a: 1\n', 1],
        ['   \nb: 2\n', 2],
      ],
    },
    {
      rule: 'CRLF counts as the end of a line',
      stream: 'a: 1\r\n---\r\nb: 2\r\n',
      want: [
        ['a: 1\r\n', 1],
        ['   \r\nb: 2\r\n', 2],
      ],
    },
    { rule: 'empty documents and comments hold nothing', stream: '---\n# nothing\n---\n\n---\nb: 2', want: [['   \nb: 2', 5]] },
    { rule: 'a directive alone is no document', stream: '%YAML 1.2\n---\na: 1\n', want: [['   \na: 1\n', 2]] },
    {
      rule: '... ends a document',
      stream: 'a: 1\n...\nb: 2\n',
      want: [
        ['a: 1\n', 1],
        ['   \nb: 2\n', 2],
      ],
    },
    { rule: 'content may follow the marker, in its column', stream: '--- {a: 1}\n', want: [['    {a: 1}\n', 1]] },
    { rule: 'longer dashes are no marker', stream: 'a: |\n  x\n----\n', want: [['a: |\n  x\n----\n', 1]] },
    { rule: 'an indented marker is text', stream: 'a: |\n  ---\n  x\n', want: [['a: |\n  ---\n  x\n', 1]] },
    { rule: 'nothing is no document', stream: '', want: [] },
  ])('$rule', ({ stream, want }) => {
    expect(splitDocuments(stream).map(({ text, line }) => [text, line])).toEqual(want)
  })

  it('takes time in proportion to the text', () => {
    const stream = '---\n# comment\n'.repeat(200_000)
    const start = performance.now()
    expect(splitDocuments(stream)).toEqual([])
    expect(performance.now() - start).toBeLessThan(patience(2_000))
  })
})
