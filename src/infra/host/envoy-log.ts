/** Reads Envoy's log lines, so that they come out of our own logger. */
import type { LogLevel } from '../../telemetry/logger.js'
import { withoutPrintedMessages } from '../../xds/printed-messages.js'

/** One line of Envoy's log. */
export interface EnvoyLogLine {
  readonly level: Exclude<LogLevel, 'silent'>
  /** Envoy's component, such as `config` or `upstream`. */
  readonly logger: string
  readonly message: string
}

const LEVELS: Readonly<Record<string, EnvoyLogLine['level']>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warning: 'warn',
  error: 'error',
  critical: 'error',
}

/** `[2026-01-02 03:04:05.678][12][warning][main] [source/server/server.cc:1] message`: Envoy's own format, before it read its bootstrap. */
const TEXT_LINE = /^\[[^\]]*\]\[\d+\]\[(\w+)\]\[([\w-]+)\] (?:\[[^\]]*\] )?(.*)$/

/**
 * Envoy warns of fields and messages that are not finished, once for each listener and each change: with UDP, HTTP/3 or API keys of nothing else.
 * Which are sent is our choice, and nobody who reads the log can do anything about it.
 */
const UNFINISHED = /^(?:field|message) '[\w.]+' is (?:contained in proto file '[^']*' )?marked as work-in-progress\./

/** A line that is neither of Envoy's formats is an error: a crash report, or what a library printed. */
export function readEnvoyLogLine(line: string): EnvoyLogLine {
  const fields = jsonLine(line)
  if (fields !== undefined) {
    const level = UNFINISHED.test(fields.message) ? 'debug' : (LEVELS[fields.level] ?? 'info')
    return { level, logger: fields.logger, message: withoutPrintedMessages(fields.message) }
  }
  const [, level = '', logger = '', message = ''] = TEXT_LINE.exec(line) ?? []
  const known = LEVELS[level]
  return known === undefined ? { level: 'error', logger: 'stderr', message: line } : { level: known, logger, message }
}

/** The `--log-level` at which Envoy says what concerns us: its `info` is what we call `debug`. */
export function envoyLogLevel(ours: LogLevel): string {
  const levels: Readonly<Record<LogLevel, string>> = {
    trace: 'debug',
    debug: 'info',
    info: 'warning',
    warn: 'warning',
    error: 'error',
    silent: 'off',
  }
  return levels[ours]
}

function jsonLine(line: string): { readonly level: string; readonly logger: string; readonly message: string } | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const { level, logger, message } = JSON.parse(line) as Record<string, unknown>
    return { level: String(level), logger: String(logger), message: String(message) }
  } catch {
    return undefined
  }
}
