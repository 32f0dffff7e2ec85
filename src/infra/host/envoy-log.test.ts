import { describe, expect, it } from '@jest/globals'
import { LOG_LEVELS } from '../../telemetry/logger.js'
import { envoyLogLevel, readEnvoyLogLine } from './envoy-log.js'

describe('readEnvoyLogLine', () => {
  it.each([
    {
      format: 'JSON as our bootstrap asks for',
      line: '{"level":"warning","logger":"config","message":"gRPC config: rejected \\"x\\""}',
      want: { level: 'warn', logger: 'config', message: 'gRPC config: rejected "x"' },
    },
    {
      format: 'a warning of a field that is not finished, which nobody can do anything about',
      line: `{"level":"warning","logger":"misc","message":"field 'envoy.a.v3.B.c_d' is marked as work-in-progress. API features marked as"}`,
      want: { level: 'debug', logger: 'misc', message: "field 'envoy.a.v3.B.c_d' is marked as work-in-progress. API features marked as" },
    },
    {
      format: 'the same of a message',
      line: `{"level":"warning","logger":"misc","message":"message 'envoy.a.v3.B' is contained in proto file 'envoy/a/v3/b.proto' marked as work-in-progress. API"}`,
      want: {
        level: 'debug',
        logger: 'misc',
        message: "message 'envoy.a.v3.B' is contained in proto file 'envoy/a/v3/b.proto' marked as work-in-progress. API",
      },
    },
    {
      format: 'the text before the bootstrap is read',
      line: '[2026-01-02 03:04:05.678][12][critical][main] [source/server/server.cc:412] error initializing',
      want: { level: 'error', logger: 'main', message: 'error initializing' },
    },
    {
      format: 'text without a place in the source',
      line: '[2026-01-02 03:04:05.678][12][info][main] hello',
      want: { level: 'info', logger: 'main', message: 'hello' },
    },
    { format: 'anything else', line: 'Segmentation fault', want: { level: 'error', logger: 'stderr', message: 'Segmentation fault' } },
    { format: 'half a JSON line', line: '{"level":"info"', want: { level: 'error', logger: 'stderr', message: '{"level":"info"' } },
  ])('reads $format', ({ line, want }) => {
    expect(readEnvoyLogLine(line)).toEqual(want)
  })
})

it('has a level of Envoy for each of ours', () => {
  expect(LOG_LEVELS.map(envoyLogLevel)).toEqual(['debug', 'info', 'warning', 'warning', 'error', 'off'])
})
