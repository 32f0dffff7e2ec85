import { describe, expect, it } from '@jest/globals'
import { readCel } from './cel-expression.js'

describe('readCel', () => {
  it('reads a tree', () => {
    expect(readCel('has(request.headers) && request.method in ["GET", b"x"]')).toEqual({
      ok: true,
      value: {
        kind: 'call',
        target: undefined,
        function: '_&&_',
        args: [
          { kind: 'select', operand: { kind: 'name', name: 'request' }, field: 'headers', isTest: true },
          {
            kind: 'call',
            target: undefined,
            function: '@in',
            args: [
              { kind: 'select', operand: { kind: 'name', name: 'request' }, field: 'method', isTest: false },
              {
                kind: 'list',
                elements: [
                  { kind: 'constant', value: { type: 'string', value: 'GET' } },
                  { kind: 'constant', value: { type: 'bytes', value: 'eA==' } },
                ],
              },
            ],
          },
        ],
      },
    })
  })

  it.each([
    { text: '1u < 2u', want: { type: 'uint', value: '1' } },
    { text: '9223372036854775807 == 1', want: { type: 'int', value: '9223372036854775807' } },
    { text: '1.5 == 2.0', want: { type: 'double', value: 1.5 } },
    { text: 'true == false', want: { type: 'bool', value: true } },
    { text: 'null == null', want: { type: 'null' } },
  ])('reads the constant of $text', ({ text, want }) => {
    const read = readCel(text)
    expect(read.ok && read.value.kind === 'call' ? read.value.args[0] : undefined).toEqual({ kind: 'constant', value: want })
  })

  it.each([
    { text: 'request.', want: /expecting/ },
    { text: 'x == 1', want: /^"x" is no attribute of a request/ },
    { text: 'request.headers.all(k, k == "a")', want: /^macros such as exists/ },
    { text: 'request.path.lowerAscii() == "/"', want: /^the function "lowerAscii" cannot be used/ },
    { text: 'size(request.path, 1) == 1', want: /does not take 2 operands/ },
    { text: 'request.path.matches("a(")', want: /^the regular expression is not valid/ },
    { text: 'request.path + "x" == "/x"', want: /^texts cannot be put together/ },
    { text: 'google.protobuf.Duration{} == request.duration', want: /cannot be made|no attribute/ },
    { text: 'toString(request.path)', want: /^the function "toString"/ },
  ])('says what is wrong with $text', ({ text, want }) => {
    const read = readCel(text)
    expect(read.ok ? 'it is fine' : read.message).toMatch(want)
  })
})
