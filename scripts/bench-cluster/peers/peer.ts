/** A Gateway API implementation that is measured, and what the benchmark has to know about it once it is installed. */
import type { JsonObject } from '../../../src/k8s/kube-json.js'

/** Pods by a selector of labels. */
export interface PodSelector {
  readonly namespace: string
  /** As in `kubectl get pods -l`. */
  readonly labels: string
}

/** How a peer is recognised in the cluster. It was installed by the script of the same name beside this file. */
export interface Peer {
  readonly name: string
  /** As people write it. */
  readonly title: string
  /** The class that the Gateway of the benchmark names. */
  readonly gatewayClass: string
  /** What exists before the Gateway, besides what the installation made: a class, its parameters. */
  readonly manifests: readonly JsonObject[]
  /** Pods whose processor time and memory are the controller's. */
  readonly controller: PodSelector
  /** The Envoys of the Gateway of the benchmark; undefined where the controller itself answers requests. */
  readonly proxies?: PodSelector
  readonly hasListenerSets: boolean
  /** Port of the controller's metrics that tell how long its event loop was blocked; undefined for programs that have none. */
  readonly eventLoopMetricsPort?: number
}
