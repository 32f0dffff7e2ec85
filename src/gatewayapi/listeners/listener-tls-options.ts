/** `tls.options` of a listener: settings that the API leaves to us. Keys of others are none of our business. */
import type { TlsTermination, TlsVersion } from '../../ir/tls.js'
import { ALPN_PROTOCOLS, TLS_CIPHERS, TLS_CURVES, TLS_SIGNATURE_ALGORITHMS } from '../../kinds/tls-algorithms.js'
import { compareText } from '../../util/compare-text.js'

/** Domain of our keys. */
const PREFIX = 'headgate.dev/'

/** Settings of TLS that options can make. */
export type TlsSettings = Pick<TlsTermination, 'minVersion' | 'maxVersion' | 'ciphers' | 'curves' | 'signatureAlgorithms'> & {
  readonly alpn?: readonly string[]
}

/** Settings, and the options that mean nothing. */
export interface ReadOptions {
  readonly settings: TlsSettings
  readonly problems: readonly string[]
}

type Setting = (value: string) => TlsSettings | undefined

const VERSIONS: ReadonlyMap<string, TlsVersion> = new Map((['1.0', '1.1', '1.2', '1.3'] as const).map((version) => [version, version]))

const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ['tls-min-version', (value) => version(value, (minVersion) => ({ minVersion }))],
  ['tls-max-version', (value) => version(value, (maxVersion) => ({ maxVersion }))],
  ['tls-ciphers', (value) => words(value, TLS_CIPHERS, (ciphers) => ({ ciphers }))],
  ['tls-curves', (value) => words(value, TLS_CURVES, (curves) => ({ curves }))],
  ['tls-signature-algorithms', (value) => words(value, TLS_SIGNATURE_ALGORITHMS, (signatureAlgorithms) => ({ signatureAlgorithms }))],
  ['alpn-protocols', (value) => words(value, ALPN_PROTOCOLS, (alpn) => ({ alpn }))],
])

/** Reads the options of a listener. */
export function readTlsOptions(options: Readonly<Record<string, string>> | undefined): ReadOptions {
  const problems: string[] = []
  let settings: TlsSettings = {}
  for (const [key, value] of Object.entries(options ?? {}).sort(([a], [b]) => compareText(a, b))) {
    if (!key.startsWith(PREFIX)) continue
    const setting = SETTINGS.get(key.slice(PREFIX.length))
    const read = setting?.(value)
    if (setting === undefined)
      problems.push(`There is no option "${key}": use ${[...SETTINGS.keys()].map((name) => PREFIX + name).join(', ')}.`)
    else if (read === undefined) problems.push(`The option "${key}" cannot be "${value}".`)
    else settings = { ...settings, ...read }
  }
  const { minVersion, maxVersion } = settings
  if (minVersion !== undefined && maxVersion !== undefined && minVersion > maxVersion) {
    problems.push(`The lowest TLS version, ${minVersion}, is above the highest, ${maxVersion}.`)
  }
  return { settings, problems }
}

function version(value: string, of: (version: TlsVersion) => TlsSettings): TlsSettings | undefined {
  const known = VERSIONS.get(value)
  return known && of(known)
}

function words(value: string, known: readonly string[], of: (words: readonly string[]) => TlsSettings): TlsSettings | undefined {
  const found = value.split(',').map((word) => word.trim())
  return found.every((word) => known.includes(word)) ? of(found) : undefined
}
