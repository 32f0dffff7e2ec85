import { describe, expect, it } from '@jest/globals'
import { createLogger, type LogFormat } from './logger.js'

function lines(format: LogFormat, colour = false) {
  const written: string[] = []
  return { written, logger: createLogger({ level: 'info', format, colour, write: (line) => void written.push(line) }) }
}

describe('log lines', () => {
  it('are JSON objects for machines', () => {
    const { written, logger } = lines('json')
    logger.child({ component: 'xds' }).info({ proxy: 'local' }, 'stream opened')
    expect(JSON.parse(written.join(''))).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      component: 'xds',
      proxy: 'local',
      message: 'stream opened',
    })
  })

  it('are one readable line for people', () => {
    const { written, logger } = lines('text')
    logger.child({ component: 'xds' }).warn({ proxy: 'local', reason: 'a b', count: 2 }, 'stream closed')
    expect(written.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}xds: stream closed {2}proxy=local {2}reason="a b" {2}count=2\n$/)
  })

  it('show an error with its cause', () => {
    const { written, logger } = lines('text')
    logger.error({ err: new Error('cannot listen', { cause: new Error('address in use') }) }, 'start failed')
    expect(written.join('')).toMatch(/start failed\n {2}Error: cannot listen[\s\S]*caused by:\n {2}Error: address in use/)
  })

  it('leave out what is below the level', () => {
    const { written, logger } = lines('json')
    logger.debug('quiet')
    expect(written).toEqual([])
  })

  it('colour the level on a terminal', () => {
    const { written, logger } = lines('text', true)
    logger.error('x')
    expect(written.join('')).toContain('\u001b[31mERROR\u001b[39m')
  })

  it.each([
    { secret: 'a token by its name', fields: { headers: { authorization: 'Bearer hunter2' } } },
    { secret: 'a private key by its look', fields: { text: 'x -----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY----- y' } },
    { secret: 'a private key in an error', fields: { err: new Error('bad -----BEGIN EC PRIVATE KEY-----\nhunter2') } },
    { secret: 'bytes', fields: { content: Buffer.from('hunter2') } },
    { secret: 'a value in a list', fields: { users: [{ password: 'hunter2' }] } },
  ])('never show $secret', ({ fields }) => {
    for (const format of ['json', 'text'] as const) {
      const { written, logger } = lines(format)
      logger.info(fields, 'look')
      expect(written.join('')).toContain('look')
      expect(written.join('')).not.toContain('hunter2')
    }
  })
})
