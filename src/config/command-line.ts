/** The command line of `headgate`: options, their help, and the checked configuration that comes out. */
import { existsSync, statSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Command, CommanderError, Option } from 'commander'
import { LOG_LEVELS, type LogFormat, type LogLevel } from '../telemetry/logger.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../xds/translate/options.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from '../xds/translate/packing.js'
import { ACCESS_LOG_MODES, type AccessLogMode } from '../xds/translate/telemetry/access-log-mode.js'
import type { Config, KubernetesConfig, SocketAddress, StandaloneConfig } from './config.js'
import { addExtensionOptions, type ExtensionOptions, extensionServer } from './extension-options.js'
import {
  controllerName,
  hosts,
  namespaces,
  port,
  printRoutePacking,
  routePacking,
  service,
  socketAddress,
  wholeNumber,
} from './option-values.js'
import { headgateVersion } from './version.js'

/** The Envoy image that fits this version of Headgate. */
export const DEFAULT_ENVOY_IMAGE = 'docker.io/envoyproxy/envoy:distroless-v1.40.0'

/** Where the command line meets its surroundings; tests pass their own. */
export interface CommandLineSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingFolder: string
  /** The folder of the package: it holds `examples/quickstart`. */
  readonly packageFolder: string
  readonly writeOut: (text: string) => void
  readonly writeError: (text: string) => void
}

/** What to do after reading the command line. */
export type CommandLine =
  | { readonly kind: 'run'; readonly config: Config }
  /** Help or version was printed (0), or the usage was wrong and that was said (2). */
  | { readonly kind: 'exit'; readonly code: number }

/** Reads the arguments behind the program's name. */
export function readCommandLine(args: readonly string[], surroundings: CommandLineSurroundings): CommandLine {
  const command = headgateCommand()
  command.configureOutput({ writeOut: surroundings.writeOut, writeErr: surroundings.writeError })
  try {
    command.parse([...args], { from: 'user' })
    const options = command.opts<Options>()
    return {
      kind: 'run',
      config: options.provider === 'kubernetes' ? kubernetes(options, command, surroundings) : standalone(options, command, surroundings),
    }
  } catch (error) {
    if (error instanceof CommanderError) return { kind: 'exit', code: error.exitCode === 0 ? 0 : 2 }
    throw error
  }
}

interface Options extends ExtensionOptions {
  readonly provider: 'file' | 'kubernetes'
  readonly resources?: string
  readonly allowPartial: boolean
  readonly listenOffset: number
  readonly rateLimitService?: SocketAddress
  readonly xdsPort: number
  readonly xdsPlaintext: boolean
  readonly adminPort: number
  /** A path, or false for `--no-envoy`. */
  readonly envoy?: string | false
  readonly state?: string
  readonly systemAuthorities?: string
  readonly zone?: string
  readonly xdsAddress: SocketAddress
  readonly adminAddress: SocketAddress
  readonly healthAddress: SocketAddress
  readonly metricsAddress: SocketAddress
  readonly namespace?: string
  readonly watchNamespaces?: readonly string[]
  readonly watchSelector?: string
  readonly kubeconfig?: string
  readonly context?: string
  readonly xdsService: string
  readonly authoritySecret: string
  readonly awaitAuthority: boolean
  readonly envoyImage: string
  readonly controllerName: string
  readonly routePacking: RoutePacking
  readonly envoyPatches: boolean
  readonly fetchHosts?: readonly string[]
  readonly fetchPlainHosts?: readonly string[]
  readonly accessLog: AccessLogMode
  readonly logLevel: LogLevel
  readonly logFormat?: LogFormat
}

const STANDALONE_OPTIONS = [
  'resources',
  'allowPartial',
  'listenOffset',
  'xdsPort',
  'xdsPlaintext',
  'adminPort',
  'envoy',
  'state',
  'systemAuthorities',
  'zone',
] as const
const KUBERNETES_OPTIONS = [
  'xdsAddress',
  'adminAddress',
  'healthAddress',
  'metricsAddress',
  'namespace',
  'watchNamespaces',
  'watchSelector',
  'kubeconfig',
  'context',
  'xdsService',
  'authoritySecret',
  'awaitAuthority',
  'envoyImage',
] as const

/** The command itself: for `--help`, the reference in the docs, and shell completion. */
export function headgateCommand(): Command {
  const command = new Command('headgate')
    .description(
      'A control plane for the Kubernetes Gateway API: it turns Gateways and routes into configuration for Envoy and streams it to them.',
    )
    .version(headgateVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
    .showHelpAfterError('(headgate --help lists all options)')
    .exitOverride()
    .addOption(
      new Option('--provider <kind>', 'where objects come from: a folder of YAML, or the Kubernetes API')
        .choices(['file', 'kubernetes'])
        .default('file'),
    )
    .addOption(new Option('--log-level <level>', 'how much is logged').choices(LOG_LEVELS).default('info'))
    .addOption(
      new Option('--log-format <format>', 'lines for people or for machines (default: text with files, json with Kubernetes)').choices([
        'text',
        'json',
      ]),
    )
    .addOption(
      new Option('--controller-name <name>', 'GatewayClasses with this controllerName are ours')
        .default('headgate.dev/gateway-controller')
        .argParser(controllerName),
    )
    .addOption(
      new Option(
        '--route-packing <how>',
        'how routes come to Envoy: rds (one table per listener), scoped (a change costs one host), or scoped-above=HOSTS',
      )
        .default(DEFAULT_ROUTE_PACKING, printRoutePacking(DEFAULT_ROUTE_PACKING))
        .argParser(routePacking),
    )
    .addOption(
      new Option(
        '--access-log <which>',
        'requests, connections and TLS handshakes that Envoys write a line of JSON about on their standard output',
      )
        .choices(ACCESS_LOG_MODES)
        .default(DEFAULT_TRANSLATE_OPTIONS.accessLog),
    )
    .addOption(
      new Option('--rate-limit-service <host:port>', 'the rate limit service (envoyproxy/ratelimit) for limits of type Global').argParser(
        service,
      ),
    )
    .addOption(
      new Option('--fetch-hosts <hosts>', 'only these hosts are asked for what policies need (HOST, HOST:PORT, *.HOST)').argParser(hosts),
    )
    .addOption(new Option('--fetch-plain-hosts <hosts>', 'hosts that are asked for it without TLS').argParser(hosts))
    .option('--envoy-patches', 'apply EnvoyPatchPolicies: who may write them can make proxies do anything', false)
  return addExtensionOptions(command)
    .optionsGroup('With files (--provider file):')
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
    .optionsGroup('With Kubernetes (--provider kubernetes):')
    .addOption(
      new Option('--xds-address <address>', 'where the xDS server listens')
        .default(socketAddress(':18000'), ':18000')
        .argParser(socketAddress),
    )
    .addOption(
      new Option('--admin-address <address>', 'where the admin server listens')
        .default(socketAddress('127.0.0.1:19000'), '127.0.0.1:19000')
        .argParser(socketAddress),
    )
    .addOption(
      new Option('--health-address <address>', 'where /healthz and /readyz listen')
        .default(socketAddress(':8081'), ':8081')
        .argParser(socketAddress),
    )
    .addOption(
      new Option('--metrics-address <address>', 'where /metrics listens').default(socketAddress(':8080'), ':8080').argParser(socketAddress),
    )
    .option('--namespace <name>', 'namespace of the controller (default: $POD_NAMESPACE, else headgate-system)')
    .addOption(new Option('--watch-namespaces <names>', 'read these namespaces only, with commas between them').argParser(namespaces))
    .addOption(new Option('--watch-selector <selector>', 'read only namespaces with these labels').conflicts('watchNamespaces'))
    .option('--kubeconfig <file>', "file with the cluster's address (default: the pod's ServiceAccount, else $KUBECONFIG)")
    .option('--context <name>', 'context of the kubeconfig')
    .option('--xds-service <name>', 'name under which Envoy pods reach the xDS server', 'headgate')
    .option('--authority-secret <name>', 'Secret of the authority that signs for the xDS server and its replicas', 'headgate-authority')
    .option('--await-authority', 'wait until somebody else has made that Secret, rather than make it', false)
    .option('--envoy-image <image>', 'image of the Envoy pods', DEFAULT_ENVOY_IMAGE)
    .addHelpText('after', EXAMPLES)
}

const EXAMPLES = `
Ports below 1024 need no root: with files, 80 is served on 8080, 443 on 8443, and so on. The first Gateway
listens on 127.0.0.1, each further one on 127.0.0.2, 127.0.0.3, ... A port that another program has goes 10000
higher until the next start. gatewayctl status shows them all.

Examples:
  headgate                                    the quickstart, with a local Envoy and a demo backend
  headgate --resources ./gateway              your own folder
  headgate -r . --listen-offset 100           a second Headgate beside another one (80 is served on 8180)
           --xds-port 18100 --admin-port 19100
  headgate -r . --no-envoy                    only the control plane
  headgate --provider kubernetes              with the cluster of your kubeconfig
  headgate --provider kubernetes --watch-namespaces web,shop
`

function standalone(
  options: Options,
  command: Command,
  { environment, workingFolder, packageFolder }: CommandLineSurroundings,
): StandaloneConfig {
  refuse(command, KUBERNETES_OPTIONS, '--provider kubernetes')
  const quickstart = join(packageFolder, 'examples', 'quickstart')
  const resources = options.resources === undefined ? quickstart : resolve(workingFolder, options.resources)
  if (!existsSync(resources)) command.error(`error: --resources names ${resources}, which does not exist`)
  if (!statSync(resources).isDirectory()) command.error(`error: --resources names ${resources}, which is a file: name its folder`)
  const home = environment.HOME ?? homedir()
  return {
    provider: 'file',
    ...common(options, command, workingFolder, 'text'),
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
    stateFolder: resolve(workingFolder, options.state ?? join(environment.XDG_STATE_HOME ?? join(home, '.local', 'state'), 'headgate')),
  }
}

function kubernetes(options: Options, command: Command, { environment, workingFolder }: CommandLineSurroundings): KubernetesConfig {
  refuse(command, STANDALONE_OPTIONS, '--provider file')
  return {
    provider: 'kubernetes',
    ...common(options, command, workingFolder, 'json'),
    xds: options.xdsAddress,
    admin: options.adminAddress,
    health: options.healthAddress,
    metrics: options.metricsAddress,
    namespace: options.namespace ?? environment.POD_NAMESPACE ?? 'headgate-system',
    watch: watchScope(options),
    kubeconfig: options.kubeconfig === undefined ? undefined : resolve(workingFolder, options.kubeconfig),
    context: options.context,
    xdsService: options.xdsService,
    authoritySecret: options.authoritySecret,
    awaitAuthority: options.awaitAuthority,
    envoyImage: options.envoyImage,
    replicaName: environment.POD_NAME ?? hostname(),
    replicaAddress: environment.POD_IP,
    podAddresses: (environment.POD_IPS ?? environment.POD_IP ?? '').split(',').filter((address) => address !== ''),
  }
}

function common(options: Options, command: Command, workingFolder: string, defaultFormat: LogFormat): Omit<Config, 'provider'> {
  const extension = extensionServer(options, command, workingFolder)
  const { logLevel, logFormat, controllerName: name, routePacking: packing, envoyPatches, accessLog, rateLimitService } = options
  return {
    log: { level: logLevel, format: logFormat ?? defaultFormat },
    controllerName: name,
    routePacking: packing,
    envoyPatches,
    accessLog,
    ...(rateLimitService === undefined ? {} : { rateLimitService }),
    ...(extension === undefined ? {} : { extensionServer: extension }),
    ...(options.fetchHosts === undefined ? {} : { fetchHosts: options.fetchHosts }),
    ...(options.fetchPlainHosts === undefined ? {} : { fetchPlainHosts: options.fetchPlainHosts }),
  }
}

function watchScope({ watchNamespaces, watchSelector }: Options): KubernetesConfig['watch'] {
  if (watchNamespaces !== undefined) return { kind: 'namespaces', namespaces: watchNamespaces }
  return watchSelector === undefined ? { kind: 'all' } : { kind: 'selector', labelSelector: watchSelector }
}

function systemAuthorities(file: string | undefined, workingFolder: string): Pick<StandaloneConfig, 'systemAuthorities'> {
  return file === undefined || file === '' ? {} : { systemAuthorities: resolve(workingFolder, file) }
}

function envoyChoice(envoy: Options['envoy'], workingFolder: string): StandaloneConfig['envoy'] {
  if (envoy === undefined) return { kind: 'find' }
  return envoy === false ? { kind: 'none' } : { kind: 'path', path: resolve(workingFolder, envoy) }
}

/** An option of the other way of running would be ignored: that is said, not done. */
function refuse(command: Command, names: readonly string[], needed: string): void {
  const given = names.find((name) => command.getOptionValueSource(name) === 'cli')
  if (given === undefined) return
  const negated = command.getOptionValue(given) === false
  const flag = command.options.find((option) => option.attributeName() === given && option.negate === negated)?.long
  command.error(`error: ${flag} is for ${needed}`)
}
