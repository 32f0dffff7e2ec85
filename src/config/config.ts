/** What the control plane is told at start: read once from the command line, checked, never changed. */
import type { LogFormat, LogLevel } from '../telemetry/logger.js'
import type { RateLimitService } from '../xds/translate/clusters/rate-limit-cluster.js'
import type { HookOptions } from '../xds/translate/extension-hooks/hook.js'
import type { RoutePacking } from '../xds/translate/packing.js'
import type { AccessLogMode } from '../xds/translate/telemetry/access-log-mode.js'

/** Everything that `headgate` can be told. */
export type Config = StandaloneConfig | KubernetesConfig

/** What both ways of running share. */
export interface CommonConfig {
  readonly log: { readonly level: LogLevel; readonly format: LogFormat }
  /** The name by which GatewayClasses choose this controller. */
  readonly controllerName: string
  /** Whether EnvoyPatchPolicies are applied. */
  readonly envoyPatches: boolean
  /** How virtual hosts come to Envoy. */
  readonly routePacking: RoutePacking
  /** `HOST`, `HOST:PORT` or `*.HOST` that policies may have something fetched from; undefined: any. */
  readonly fetchHosts?: readonly string[] | undefined
  /** Those that are asked without TLS. */
  readonly fetchPlainHosts?: readonly string[] | undefined
  /** What proxies write about requests. */
  readonly accessLog: AccessLogMode
  /** Who counts requests for limits of type Global; undefined: nobody, and such policies are refused. */
  readonly rateLimitService?: RateLimitService | undefined
  /** A server that may change what proxies get; undefined: there is none. */
  readonly extensionServer?: ExtensionServerConfig | undefined
}

/** An extension server: where it is, and what it is asked. */
export interface ExtensionServerConfig extends HookOptions {
  /** `host:port` */
  readonly address: string
  /** Milliseconds that an answer may take. */
  readonly timeoutMs: number
  /** A folder with `ca.crt` and, for a server that wants to know who asks, `tls.crt` and `tls.key`, absolute. Undefined: no TLS. */
  readonly tlsFolder: string | undefined
}

/** A folder of YAML and one local Envoy. */
export interface StandaloneConfig extends CommonConfig {
  readonly provider: 'file'
  /** The folder, absolute. */
  readonly resources: string
  /** True when `resources` is the quickstart that the package brings: its demo backend is started, too. */
  readonly isQuickstart: boolean
  /** Files that do not parse at start do not stop the start. */
  readonly allowPartial: boolean
  /** Added to every port that Gateways listen on. */
  readonly listenOffset: number
  /** On 127.0.0.1; 0 takes any free port. */
  readonly xdsPort: number
  /** Proxies need no certificate. They always come from this machine. */
  readonly xdsPlaintext: boolean
  /** On 127.0.0.1; 0 takes any free port. */
  readonly adminPort: number
  /** The zone of the local Envoy; undefined: it is in none. */
  readonly zone?: string
  /** The PEM file with the authorities of the system, absolute; undefined: where systems have it. */
  readonly systemAuthorities?: string
  readonly envoy: { readonly kind: 'find' } | { readonly kind: 'path'; readonly path: string } | { readonly kind: 'none' }
  /** Where rejected versions and certificates are kept between runs, absolute. */
  readonly stateFolder: string
}

/** Objects from a cluster, fleets of Envoy pods. */
export interface KubernetesConfig extends CommonConfig {
  readonly provider: 'kubernetes'
  readonly xds: SocketAddress
  readonly admin: SocketAddress
  readonly health: SocketAddress
  readonly metrics: SocketAddress
  /** Where the controller itself runs: its lease, certificates and state are there. */
  readonly namespace: string
  readonly watch: WatchScope
  /** Undefined: the pod's own ServiceAccount, else the default kubeconfig. */
  readonly kubeconfig: string | undefined
  readonly context: string | undefined
  /** The address under which Envoy pods reach the xDS server. */
  readonly xdsService: string
  /** The Secret that holds the authority of the control plane, in its own namespace. */
  readonly authoritySecret: string
  /** True: somebody else makes the Secret. */
  readonly awaitAuthority: boolean
  /** The image of the Envoys that are provisioned. */
  readonly envoyImage: string
  /** Unique among the replicas: the pod's name in a cluster. */
  readonly replicaName: string
  /** Where other replicas reach this one; undefined: it is the only one. */
  readonly replicaAddress: string | undefined
  /** Every address of the pod: they tell which families the cluster has. Empty where they are not known. */
  readonly podAddresses: readonly string[]
}

/** Which namespaces are read. */
export type WatchScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'namespaces'; readonly namespaces: readonly string[] }
  | { readonly kind: 'selector'; readonly labelSelector: string }

/** An address to listen on. */
export interface SocketAddress {
  /**
   * An IP address; `0.0.0.0` and `::` are all of them. Empty: all of whatever families the machine has, which Node finds out. Where a kernel has no
   * IPv6 (`ipv6.disable=1`), nobody can listen on `::`.
   */
  readonly host: string
  readonly port: number
}
