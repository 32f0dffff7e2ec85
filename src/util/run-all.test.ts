import { describe, expect, it } from '@jest/globals'
import { runAll } from './run-all.js'

const untilAborted = (signal: AbortSignal): Promise<void> => new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

describe('runAll', () => {
  it('ends when the signal aborts', async () => {
    const controller = new AbortController()
    const all = runAll([untilAborted, untilAborted], controller.signal)
    controller.abort()
    await expect(all).resolves.toBeUndefined()
  })

  it('stops the others when one fails, and throws its error', async () => {
    let stopped = false
    const other = async (signal: AbortSignal) => {
      await untilAborted(signal)
      stopped = true
    }
    const failing = async () => {
      throw new Error('port taken')
    }
    await expect(runAll([other, failing], new AbortController().signal)).rejects.toThrow('port taken')
    expect(stopped).toBe(true)
  })
})
