/** Declares the statuses of all objects that we say something about, by `<Kind>/<namespace>/<name>`. */
import type { Collection, Graph, Index, Source, View } from '../incremental/index.js'
import type { TranslationContext } from './context.js'
import type { BackendClientCertificate } from './gateways/backend-client-certificates.js'
import { gatewayClassStatus } from './gateways/gateway-class-status.js'
import type { OurClass } from './gateways/gateway-classes.js'
import { gatewayStatus } from './gateways/gateway-status.js'
import { declareGatewayVerdicts, declareListenerSetVerdicts, listenerStatesOf, type Verdict } from './gateways/gateway-verdicts.js'
import type { OurGateway } from './gateways/gateways.js'
import { DEFINITIONS_KEY, type Inputs } from './inputs.js'
import type { ListenerFilters } from './listeners/listener-filters.js'
import type { ListenerOverlaps } from './listeners/listener-overlaps.js'
import { listenerSetStatus } from './listeners/listener-set-status.js'
import type { OurListenerSet } from './listeners/listener-sets.js'
import type { ListenerState } from './listeners/listener-states.js'
import { listenerStatus } from './listeners/listener-status.js'
import type { Attachment } from './model.js'
import type { ListenerStatus, ObjectStatus } from './object-status.js'
import type { GatewayTelemetry } from './telemetry/resolve-telemetry.js'

/** What statuses are made from. */
export interface StatusSources {
  readonly classes: Collection<OurClass>
  /** The Gateways of a class, by its name. */
  readonly classUsers: Index<OurGateway>
  readonly gateways: Collection<OurGateway>
  readonly sets: Collection<OurListenerSet>
  readonly states: Collection<ListenerState>
  readonly overlaps: ListenerOverlaps
  readonly listenerFilters: Source<ListenerFilters>
  readonly clientCertificates: Collection<BackendClientCertificate>
  readonly attachments: Source<Attachment>
  readonly telemetry: Source<GatewayTelemetry>
  /** Statuses of routes, of policies and of backends, each kind in one of them. */
  readonly others: readonly Source<ObjectStatus>[]
}

/** Declares the statuses. */
export function declareStatuses(
  graph: Graph,
  inputs: Inputs,
  context: TranslationContext,
  sources: StatusSources,
): Collection<ObjectStatus> {
  const { classes, classUsers, gateways, sets, states, overlaps, listenerFilters, clientCertificates, attachments, telemetry, others } =
    sources
  const classObjects = inputs.kind('GatewayClass')
  const gatewayVerdicts = declareGatewayVerdicts(graph, inputs, gateways, states)
  const setVerdicts = declareListenerSetVerdicts(graph, inputs, sets, states, gatewayVerdicts)
  const attachedTo = graph.index(attachments, 'attachments by listener', attachedListeners)
  const attachedSets = graph.index(setVerdicts, 'attached listener sets', ({ gateway, accepted }) =>
    accepted === undefined ? [gateway] : [],
  )

  const listenersOf = (view: View, parent: OurGateway | OurListenerSet, verdict: Verdict): readonly ListenerStatus[] =>
    listenerStatesOf(view, states, parent).map((state) =>
      listenerStatus(state, {
        attachedRoutes: view.count(attachedTo, state.declared.key),
        overlap: view.get(overlaps, state.declared.key),
        filters: view.get(listenerFilters, state.declared.key)?.problem,
        delivery: verdict.delivery,
      }),
    )

  const ofClass = (view: View, key: string): ObjectStatus | undefined => {
    const found = view.get(classes, key)
    if (found === undefined) return undefined
    const goes = view.get(classObjects, key)?.metadata.deletionTimestamp !== undefined
    const holders = goes ? view.keys(classUsers, found.object.name) : undefined
    return gatewayClassStatus(found, context.supportedFeatures, view.get(inputs.definitions, DEFINITIONS_KEY)?.problem, holders)
  }
  const ofGateway = (view: View, key: string): ObjectStatus | undefined => {
    const gateway = view.get(gateways, key)
    const verdict = view.get(gatewayVerdicts, key)
    if (gateway === undefined || verdict === undefined) return undefined
    return gatewayStatus(gateway, {
      verdict,
      addresses: view.get(inputs.addresses, key),
      clientCertificate: view.get(clientCertificates, key),
      telemetry: gateway.telemetryProblem ?? view.get(telemetry, key)?.problem,
      listeners: listenersOf(view, gateway, verdict),
      attachedListenerSets: view.count(attachedSets, key),
    })
  }
  const ofSet = (view: View, key: string): ObjectStatus | undefined => {
    const set = view.get(sets, key)
    const verdict = view.get(setVerdicts, key)
    return set && verdict && listenerSetStatus(set, verdict, listenersOf(view, set, verdict))
  }

  return graph.collection<ObjectStatus>('statuses', {
    report: true,
    keys: [
      graph.index(classes, 'statuses of gateway classes', (_, key) => [`GatewayClass/${key}`]),
      graph.index(gateways, 'statuses of gateways', (_, key) => [`Gateway/${key}`]),
      graph.index(sets, 'statuses of listener sets', (_, key) => [`ListenerSet/${key}`]),
      ...others,
    ],
    compute: (view, key) => {
      const slash = key.indexOf('/')
      const object = key.slice(slash + 1)
      switch (key.slice(0, slash)) {
        case 'GatewayClass':
          return ofClass(view, object)
        case 'Gateway':
          return ofGateway(view, object)
        case 'ListenerSet':
          return ofSet(view, object)
        default:
          return firstOf(others, (each) => view.get(each, key))
      }
    },
  })
}

/** A route counts once per listener, however many of its parentRefs lead there. */
function attachedListeners({ parents }: Attachment): readonly string[] {
  return parents.flatMap((parent) => (parent.accepted.status ? parent.listeners.map(({ listener }) => listener) : []))
}

/** Each key is one of one source. */
function firstOf<T, R>(sources: readonly T[], find: (source: T) => R | undefined): R | undefined {
  for (const source of sources) {
    const found = find(source)
    if (found !== undefined) return found
  }
  return undefined
}
