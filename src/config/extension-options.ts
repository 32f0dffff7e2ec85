/** The options of `headgate` about an extension server. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import { HOOKED_KINDS, type HookedKind, type HookFailurePolicy } from '../xds/translate/extension-hooks/hook.js'
import type { ExtensionServerConfig, SocketAddress } from './config.js'
import { service, wholeNumber } from './option-values.js'

/** Their values, as commander names them. */
export interface ExtensionOptions {
  readonly extensionServer?: SocketAddress
  readonly extensionResources: readonly HookedKind[]
  readonly extensionFailurePolicy: HookFailurePolicy
  readonly extensionTimeout: number
  readonly extensionTls?: string
}

const LONGEST_TIMEOUT_MS = 10_000

/** Adds the options. */
export function addExtensionOptions(command: Command): Command {
  return command
    .optionsGroup('With an extension server:')
    .addOption(
      new Option(
        '--extension-server <host:port>',
        'a gRPC server that may change what Envoys get: docs/tasks/extension-hooks.md',
      ).argParser(service),
    )
    .addOption(
      new Option('--extension-resources <kinds>', `what it is asked about, with commas between: ${HOOKED_KINDS.join(', ')}`)
        .default(['VirtualHost'], 'VirtualHost')
        .argParser(kinds),
    )
    .addOption(
      new Option('--extension-failure-policy <policy>', 'what is sent without its answer: Ignore (the resource as it is) or Fail (nothing)')
        .choices(['Ignore', 'Fail'])
        .default('Ignore'),
    )
    .addOption(new Option('--extension-timeout <milliseconds>', 'how long an answer may take').default(1_000).argParser(timeout))
    .option('--extension-tls <dir>', 'folder with ca.crt, and with tls.crt and tls.key if the server asks who calls')
}

/** The server that they name; undefined without one. Ends the command when the folder of `--extension-tls` has no authority. */
export function extensionServer(options: ExtensionOptions, command: Command, workingFolder: string): ExtensionServerConfig | undefined {
  const { extensionServer: server, extensionResources, extensionFailurePolicy, extensionTimeout, extensionTls } = options
  if (server === undefined) return undefined
  const tlsFolder = extensionTls === undefined ? undefined : resolve(workingFolder, extensionTls)
  if (tlsFolder !== undefined && !existsSync(join(tlsFolder, 'ca.crt'))) {
    command.error(`error: --extension-tls names ${tlsFolder}, which holds no ca.crt`)
  }
  return {
    address: `${server.host}:${server.port}`,
    timeoutMs: extensionTimeout,
    tlsFolder,
    kinds: extensionResources,
    failurePolicy: extensionFailurePolicy,
  }
}

function kinds(value: string): readonly HookedKind[] {
  const names = value.split(',').map((name) => name.trim())
  const found = HOOKED_KINDS.filter((kind) => names.includes(kind))
  if (found.length === new Set(names).size) return found
  throw new InvalidArgumentError(`Write some of ${HOOKED_KINDS.join(', ')}, with commas between them.`)
}

function timeout(value: string): number {
  const milliseconds = wholeNumber(value)
  if (milliseconds >= 1 && milliseconds <= LONGEST_TIMEOUT_MS) return milliseconds
  throw new InvalidArgumentError(`Write milliseconds from 1 to ${LONGEST_TIMEOUT_MS}.`)
}
