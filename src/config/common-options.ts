/** The options of `headgate` that both ways of running have. */
import { type Command, Option } from 'commander'
import { LOG_LEVELS, type LogFormat, type LogLevel } from '../telemetry/logger.js'
import { DEFAULT_TRANSLATE_OPTIONS } from '../xds/translate/options.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from '../xds/translate/packing.js'
import { ACCESS_LOG_MODES, type AccessLogMode } from '../xds/translate/telemetry/access-log-mode.js'
import type { CommonConfig, SocketAddress } from './config.js'
import { addExtensionOptions, type ExtensionOptions, extensionServer } from './extension-options.js'
import { controllerName, hosts, printRoutePacking, routePacking, service } from './option-values.js'

/** Their values, as commander names them. */
export interface CommonOptions extends ExtensionOptions {
  readonly provider: 'file' | 'kubernetes'
  readonly rateLimitService?: SocketAddress
  readonly controllerName: string
  readonly routePacking: RoutePacking
  readonly envoyPatches: boolean
  readonly fetchHosts?: readonly string[]
  readonly fetchPlainHosts?: readonly string[]
  readonly accessLog: AccessLogMode
  readonly logLevel: LogLevel
  readonly logFormat?: LogFormat
}

/** Adds the options. */
export function addCommonOptions(command: Command): Command {
  command
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
}

/** What they say. Ends the command when the folder of `--extension-tls` has no authority. */
export function commonConfig(options: CommonOptions, command: Command, workingFolder: string): CommonConfig {
  const extension = extensionServer(options, command, workingFolder)
  const { logLevel, logFormat, controllerName: name, routePacking: packing, envoyPatches, accessLog, rateLimitService } = options
  return {
    log: { level: logLevel, format: logFormat ?? (options.provider === 'file' ? 'text' : 'json') },
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
