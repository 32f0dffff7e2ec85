import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from '@jest/globals'

const program = new URL('end-program.ts', import.meta.url).pathname

/** What a program that does this before its end comes to: its code, and whether something was cut off. */
function end(before: string): Promise<{ readonly code: unknown; readonly isCutOff: boolean }> {
  const source = `
    const exit = process.exit
    process.exit = (...args) => { console.log('cut off'); exit(...args) }
    ${before}
    const { endProgram } = await import(${JSON.stringify(program)})
    endProgram(3)`
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', source], (error, stdout) =>
      resolve({ code: error?.code, isCutOff: stdout.includes('cut off') }),
    )
  })
}

describe('the end of the program', () => {
  it('does not wait for a gRPC client that was closed while it connects to somebody who does not answer', async () => {
    const silent = createServer()
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    const connecting = `
      const { Client, ChannelCredentials } = (await import('@grpc/grpc-js')).default
      const client = new Client('localhost:${port}', ChannelCredentials.createSsl())
      await new Promise((resolve) => client.waitForReady(Date.now() + 200, resolve))
      client.close()`
    const ended = await end(connecting)
    silent.close()
    expect(ended).toEqual({ code: 3, isCutOff: true })
  })

  it('cuts nothing off where nothing is under way', async () => {
    expect(await end('')).toEqual({ code: 3, isCutOff: false })
  })
})
