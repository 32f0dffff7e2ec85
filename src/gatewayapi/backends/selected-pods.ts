/**
 * Pods that XBackends choose by labels. Kubernetes itself knows which of them are ready and writes it into EndpointSlices, for a Service
 * that has the same selector: one without an address (headless) is wanted for each XBackend that something of ours sends to. The
 * EndpointSlices carry the labels of their Service, by which they are found.
 *
 * Source: Gateway API v1.7 experimental channel, `XBackend.spec.endpointSelector`; Kubernetes, headless Services.
 */
import type { Service, XBackend } from '../../gen/kinds.js'
import type { Collection, Graph, Source } from '../../incremental/index.js'
import { deepEqual } from '../../util/deep-equal.js'
import { objectKey } from '../../util/object-ref.js'
import { shortName } from '../../util/short-name.js'
import type { Inputs } from '../inputs.js'
import type { ResolvedBackend } from './resolved-backend.js'

/** The label of a Service and its EndpointSlices that names the XBackend they are for. */
export const X_BACKEND_LABEL = 'headgate.dev/x-backend'

/** Names of Services and values of labels may have so many characters. */
const MAX_LABEL_LENGTH = 63

/** The Service that an XBackend needs. */
export interface SelectedPods {
  readonly namespace: string
  /** The name of the Service. */
  readonly service: string
  readonly xBackend: { readonly name: string; readonly uid: string | undefined }
  readonly matchLabels: Readonly<Record<string, string>>
  readonly port: number
  /** True if the Service is there as it should be. */
  readonly isThere: boolean
}

/** The value of `X_BACKEND_LABEL` for an XBackend: its name, if it fits. */
export function xBackendLabel(name: string): string {
  return name.length <= MAX_LABEL_LENGTH ? name : shortName(name, name, MAX_LABEL_LENGTH)
}

/** The name of the Service of an XBackend. */
export function selectedPodsService(xBackend: string): string {
  // A Service's name is a single DNS label; an XBackend's may contain dots.
  const label = `headgate-backend-${xBackend.replaceAll('.', '-')}`
  const fits = label.length <= MAX_LABEL_LENGTH && !xBackend.includes('.')
  return fits ? label : shortName(label, xBackend, MAX_LABEL_LENGTH)
}

/** Declares the Services that XBackends need, by `XBackend/<namespace>/<name>`. */
export function declareSelectedPods(graph: Graph, inputs: Inputs, backends: Source<ResolvedBackend>): Collection<SelectedPods> {
  const xBackends = inputs.kind('XBackend')
  const services = inputs.kind('Service')
  const used = graph.index(backends, 'pods of XBackends', (_, key) => (key.startsWith('XBackend/') ? [key] : []))
  return graph.collection<SelectedPods>('selected pods', {
    keys: used,
    compute: (view, key) => {
      const xBackend = view.get(xBackends, key.slice(key.indexOf('/') + 1))
      const wanted = xBackend && wantedService(xBackend)
      if (wanted === undefined) return undefined
      const found = view.get(services, objectKey(wanted.namespace, wanted.service))
      return { ...wanted, isThere: found !== undefined && isAsWanted(found, wanted) }
    },
  })
}

function wantedService({ metadata, spec }: XBackend): Omit<SelectedPods, 'isThere'> | undefined {
  const matchLabels = spec.endpointSelector?.matchLabels
  if (spec.type !== 'EndpointSelector' || matchLabels === undefined || spec.port.number === undefined) return undefined
  const { namespace, name, uid } = metadata
  return { namespace, service: selectedPodsService(name), xBackend: { name, uid }, matchLabels, port: spec.port.number }
}

function isAsWanted({ metadata, spec }: Service, { xBackend, matchLabels, port }: Omit<SelectedPods, 'isThere'>): boolean {
  return (
    metadata.labels?.[X_BACKEND_LABEL] === xBackendLabel(xBackend.name) &&
    deepEqual(spec.selector, matchLabels) &&
    deepEqual(
      (spec.ports ?? []).map((each) => each.port),
      [port],
    )
  )
}
