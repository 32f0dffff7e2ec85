/**
 * What a provider of objects promises: the Kubernetes API and a folder of YAML look the same to the rest.
 *
 * A provider validates and defaults what it reads (the API server does it for Kubernetes, our own schemas do it for files), so
 * that the store holds well-formed objects only.
 */
import type { ObjectKey } from '../util/object-ref.js'

/** The metadata that the core reads. Everything else, such as `managedFields`, is dropped by the provider. */
export interface ObjectMeta {
  readonly name: string
  /** The empty string for objects of cluster scope. */
  readonly namespace: string
  readonly uid?: string
  /** Counts the changes of `spec`; 0 where the kind has none. */
  readonly generation: number
  readonly resourceVersion?: string
  /** RFC 3339, whole seconds. Precedence between objects of the same kind is decided by it. */
  readonly creationTimestamp: string
  readonly deletionTimestamp?: string
  /** Who has something to do before the object may go. */
  readonly finalizers?: readonly string[]
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

/** Any object as it comes from a provider; the typed kinds in `src/gen/kinds.d.ts` refine it. */
export interface KubeObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: ObjectMeta
}

/** One object came, changed or went away. Kinds are named by their Kind: every kind that we read has a name of its own. */
export interface Change {
  readonly kind: string
  readonly key: ObjectKey
  /** Undefined when the object is gone. */
  readonly object: KubeObject | undefined
}

/** Receives what a provider reads. Changes of one call belong together and are translated together. */
export interface ProviderSink {
  /** Called for every batch of changes, in order. */
  changes(batch: readonly Change[]): void
  /** Called once, when everything that existed at start was handed over: nothing is sent to a proxy before. */
  complete(): void
}

/** Turns the outside into changes until the signal aborts. */
export interface Provider {
  start(sink: ProviderSink, signal: AbortSignal): Promise<void>
}
