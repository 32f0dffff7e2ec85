import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { splitLines } from './watch-stream.js'

async function* chunked(chunks: readonly string[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

async function batches(chunks: readonly string[], limit?: number): Promise<string[][]> {
  const all: string[][] = []
  for await (const lines of splitLines(chunked(chunks), limit)) all.push(lines.map(String))
  return all
}

describe('splitLines', () => {
  it.each([
    { name: 'lines that arrive together stay together', chunks: ['a\nb\n', 'c\n'], want: [['a', 'b'], ['c']] },
    { name: 'a line over three chunks is joined', chunks: ['a', 'b', 'c\n'], want: [['abc']] },
    { name: 'empty lines are left out', chunks: ['\n\na\n\n'], want: [['a']] },
    { name: 'a last line without newline is given', chunks: ['a\nb'], want: [['a'], ['b']] },
    { name: 'an empty stream has no lines', chunks: [], want: [] },
  ])('$name', async ({ chunks, want }) => {
    expect(await batches(chunks)).toEqual(want)
  })

  it('gives the same lines wherever the network cuts', async () => {
    const text = fc.array(
      fc.string({ minLength: 1 }).filter((line) => !line.includes('\n')),
      { minLength: 1 },
    )
    await fc.assert(
      fc.asyncProperty(text, fc.array(fc.nat(20)), async (lines, cuts) => {
        const bytes = Buffer.from(`${lines.join('\n')}\n`)
        const pieces: Buffer[] = []
        let at = 0
        for (const cut of cuts) {
          pieces.push(bytes.subarray(at, at + cut))
          at = Math.min(at + cut, bytes.length)
        }
        pieces.push(bytes.subarray(at))
        const got: string[] = []
        for await (const batch of splitLines(
          (async function* () {
            yield* pieces
          })(),
        ))
          got.push(...batch.map(String))
        expect(got).toEqual(lines)
      }),
    )
  })

  it('refuses a line without end', async () => {
    await expect(batches(['aaaa', 'bbbb', 'cccc'], 10)).rejects.toMatchObject({ code: 'KUBE_LINE_TOO_LONG' })
  })
})
