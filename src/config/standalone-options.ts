/** The options of `headgate` about files and a local Envoy. */
import { existsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { CommonConfig, StandaloneConfig } from './config.js'
import { port, wholeNumber } from './option-values.js'
import type { CommandLineSurroundings } from './surroundings.js'

/** Their values, as commander names them. */
export interface StandaloneOptions {
  readonly resources?: string
  readonly allowPartial: boolean
  readonly listenOffset: number
  readonly xdsPort: number
  readonly xdsPlaintext: boolean
  readonly adminPort: number
  /** A path, or false for `--no-envoy`. */
  readonly envoy?: string | false
  readonly state?: string
  readonly systemAuthorities?: string
  readonly zone?: string
}

/** What stands over them in the help. */
export const STANDALONE_GROUP = 'With files (--provider file):'

/** Adds the options. */
export function addStandaloneOptions(command: Command): Command {
  return command
    .optionsGroup(STANDALONE_GROUP)
    .option(
      '-r, --resources <dir>',
      'folder of YAML or JSON files, read with its subfolders and watched (default: the quickstart of the package)',
    )
    .option('--allow-partial', 'start although a file does not parse; what it may have held answers 503', false)
    .addOption(new Option('--listen-offset <n>', 'added to every port that Gateways listen on').default(0).argParser(wholeNumber))
    .addOption(new Option('--xds-port <port>', 'port of the xDS server on 127.0.0.1, 0 for any').default(18_000).argParser(port))
    .option('--xds-plaintext', 'serve xDS without TLS and to whoever asks: for tools on this machine that bring no certificate', false)
    .addOption(new Option('--admin-port <port>', 'port of the admin server on 127.0.0.1, 0 for any').default(19_000).argParser(port))
    .option('--envoy <path>', 'the Envoy to run (default: $ENVOY_BIN, a download into ~/.cache/headgate, or the PATH)')
    .option('--no-envoy', 'run no Envoy: one that you started connects to the xDS port')
    .option('--state <dir>', 'folder for what outlives a restart (default: ~/.local/state/headgate)')
    .option(
      '--system-authorities <file>',
      'PEM file that wellKnownCACertificates: System means (default: $SSL_CERT_FILE, else where this system has it)',
    )
    .option('--zone <zone>', 'the zone of the local Envoy, for policies that prefer endpoints in it')
}

/** What is only said to a Headgate with files. Ends the command when the folder is none. */
export function standaloneConfig(
  options: StandaloneOptions,
  command: Command,
  { environment, workingFolder, packageFolder }: CommandLineSurroundings,
): Omit<StandaloneConfig, keyof CommonConfig> {
  const quickstart = join(packageFolder, 'examples', 'quickstart')
  const resources = options.resources === undefined ? quickstart : resolve(workingFolder, options.resources)
  if (!existsSync(resources)) command.error(`error: --resources names ${resources}, which does not exist`)
  if (!statSync(resources).isDirectory()) command.error(`error: --resources names ${resources}, which is a file: name its folder`)
  // Empty variables count as none: so the XDG Base Directory Specification has it.
  const home = environment.HOME || homedir()
  return {
    provider: 'file',
    resources,
    isQuickstart: resources === quickstart,
    allowPartial: options.allowPartial,
    listenOffset: options.listenOffset,
    xdsPort: options.xdsPort,
    xdsPlaintext: options.xdsPlaintext,
    adminPort: options.adminPort,
    envoy: envoyChoice(options.envoy, workingFolder),
    ...(options.zone === undefined ? {} : { zone: options.zone }),
    ...systemAuthorities(options.systemAuthorities ?? environment.SSL_CERT_FILE, workingFolder),
    stateFolder: resolve(workingFolder, options.state ?? join(environment.XDG_STATE_HOME || join(home, '.local', 'state'), 'headgate')),
  }
}

function systemAuthorities(file: string | undefined, workingFolder: string): Pick<StandaloneConfig, 'systemAuthorities'> {
  return file === undefined || file === '' ? {} : { systemAuthorities: resolve(workingFolder, file) }
}

function envoyChoice(envoy: StandaloneOptions['envoy'], workingFolder: string): StandaloneConfig['envoy'] {
  if (envoy === undefined) return { kind: 'find' }
  return envoy === false ? { kind: 'none' } : { kind: 'path', path: resolve(workingFolder, envoy) }
}
