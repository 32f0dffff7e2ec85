/** The options of `headgate` about a cluster. */
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { CommonConfig, KubernetesConfig, SocketAddress } from './config.js'
import { namespaces, socketAddress } from './option-values.js'
import type { CommandLineSurroundings } from './surroundings.js'

/** The Envoy image that fits this version of Headgate. */
export const DEFAULT_ENVOY_IMAGE = 'docker.io/envoyproxy/envoy:distroless-v1.40.0'

/** Their values, as commander names them. */
export interface KubernetesOptions {
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
}

/** What stands over them in the help. */
export const KUBERNETES_GROUP = 'With Kubernetes (--provider kubernetes):'

/** Adds the options. */
export function addKubernetesOptions(command: Command): Command {
  return command
    .optionsGroup(KUBERNETES_GROUP)
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
}

/** What is only said to a Headgate in a cluster. Where it runs, it is told by the environment of its pod. */
export function kubernetesConfig(
  options: KubernetesOptions,
  { environment, workingFolder }: CommandLineSurroundings,
): Omit<KubernetesConfig, keyof CommonConfig> {
  return {
    provider: 'kubernetes',
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

function watchScope({ watchNamespaces, watchSelector }: KubernetesOptions): KubernetesConfig['watch'] {
  if (watchNamespaces !== undefined) return { kind: 'namespaces', namespaces: watchNamespaces }
  return watchSelector === undefined ? { kind: 'all' } : { kind: 'selector', labelSelector: watchSelector }
}
