/** What a killed test leaves behind. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from '@jest/globals'
import { eventually } from './eventually.js'
import { endProgram, startProgram } from './program.js'

/** Starts a program that stays, says its id, and stays as well. */
const STARTS_ANOTHER = `
import { startProgram } from ${JSON.stringify(join(import.meta.dirname, 'program.ts'))}
console.log(startProgram('sleep', ['600']).pid)
setInterval(() => {}, 1_000)
`
const started: ReturnType<typeof startProgram>[] = []
const start = (...[program, args, options]: Parameters<typeof startProgram>) => {
  const child = startProgram(program, args, options)
  started.push(child)
  return child
}

afterEach(async () => {
  for (const child of started.splice(0)) await endProgram(child)
})

// Elsewhere no kernel does it.
if (process.platform === 'linux') {
  it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('a program ends with the test that started it, which %s ends', async (signal) => {
    const test = start(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', STARTS_ANOTHER], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    })
    const [line] = (await once(test.stdout ?? test, 'data')) as [Buffer]
    const folder = `/proc/${Number(line.toString())}`
    expect(existsSync(folder)).toBe(true)
    test.kill(signal)
    await eventually(() => expect(existsSync(folder)).toBe(false))
  })
}

describe('endProgram', () => {
  it('lets a program end by itself, if it does in time', async () => {
    const child = start('sleep', ['600'])
    await endProgram(child, 10_000)
    expect(child.signalCode).toBe('SIGTERM')
  })

  it('ends one that does not', async () => {
    const child = start('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 0.01; done'], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(child.stdout ?? child, 'data')
    await endProgram(child, 50)
    expect(child.signalCode).toBe('SIGKILL')
  })

  it('says so of one that a signal had ended', async () => {
    const child = start('sleep', ['600'])
    child.kill('SIGINT')
    await once(child, 'exit')
    await endProgram(child, 10_000)
  })
})
