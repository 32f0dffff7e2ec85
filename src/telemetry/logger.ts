/** Log lines: JSON for machines, one readable line for people. Secrets are redacted in both. */
import { styleText } from 'node:util'
import { type Logger as PinoLogger, pino } from 'pino'
import { redact } from './redact.js'
import { createSourcePositions } from './source-positions.js'

/** A structured logger: `logger.info({ gateway }, 'listener opened')`. */
export type Logger = PinoLogger

/** From the most to the least talkative; `silent` says nothing. */
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const

/** How much is logged. */
export type LogLevel = (typeof LOG_LEVELS)[number]

/** How a line looks. */
export type LogFormat = 'text' | 'json'

/** What a logger needs to know. */
export interface LoggerOptions {
  readonly level: LogLevel
  readonly format: LogFormat
  /** Receives whole lines with their line end. Default: standard error. */
  readonly write?: (line: string) => void
  /** Colours in text lines. Default: when standard error is a terminal. */
  readonly colour?: boolean
}

/** A new logger. Components take a child of it: `logger.child({ component: 'xds' })`. */
export function createLogger({ level, format, write = toStandardError, colour = process.stderr.isTTY === true }: LoggerOptions): Logger {
  const inSources = createSourcePositions()
  const print = (line: string): void => write(inSources(format === 'json' ? line : textLine(line, colour)))
  return pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }), log: (fields) => redact(fields) as Record<string, unknown> },
      // `redact` above describes errors; pino must not describe them a second time.
      serializers: { err: (error: unknown) => error },
    },
    { write: print },
  )
}

function toStandardError(line: string): void {
  process.stderr.write(line)
}

const COLOURS: Readonly<Record<string, 'gray' | 'cyan' | 'yellow' | 'red'>> = {
  trace: 'gray',
  debug: 'gray',
  info: 'cyan',
  warn: 'yellow',
  error: 'red',
  fatal: 'red',
}

/** `08:38:00.123 INFO  xds: stream opened  proxy=local` */
function textLine(json: string, colour: boolean): string {
  const { time, level, message, component, err, ...fields } = JSON.parse(json) as Record<string, unknown>
  const label = String(level).toUpperCase().padEnd(5)
  const style = COLOURS[String(level)]
  const painted = colour && style !== undefined ? styleText(style, label, { validateStream: false }) : label
  const origin = component === undefined ? '' : `${String(component)}: `
  const details = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`,
  )
  const line = [`${String(time).slice(11, 23)} ${painted} ${origin}${message === undefined ? '' : String(message)}`, ...details].join('  ')
  return `${line}${err === undefined ? '' : errorText(err)}\n`
}

function quoted(value: string): string {
  return /[\s"]/.test(value) ? JSON.stringify(value) : value
}

function errorText(error: unknown): string {
  if (typeof error !== 'object' || error === null) return ` ${String(error)}`
  const { stack, message, cause } = error as { stack?: unknown; message?: unknown; cause?: unknown }
  const own = `\n  ${String(stack ?? message).replaceAll('\n', '\n  ')}`
  return cause === undefined ? own : `${own}\n  caused by:${errorText(cause)}`
}
