/** What has been found out about a listener: whether it serves, and if not, why. Statuses, ports and routes all start from it. */
import type { Collection, Graph } from '../../incremental/index.js'
import { scopedPortWord } from '../../ir/placement.js'
import { MAX_LISTENER_FILTERS } from '../../ir/route.js'
import type { TlsTermination } from '../../ir/tls.js'
import { objectKey } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { OurGateway } from '../gateways/gateways.js'
import type { MaterialSources } from '../materials/referred-material.js'
import type { RouteKind } from '../model.js'
import type { ClientPolicies } from '../policies/client-policies.js'
import type { ClientPort } from '../policies/client-ports.js'
import { resolveHttp3 } from './http3.js'
import type { ListenerConflict } from './listener-conflicts.js'
import { supportedKinds } from './listener-kinds.js'
import { resolveListenerTls, terminatesTls } from './listener-tls.js'
import type { DeclaredListener, ListenerDeclarations } from './listeners.js'
import type { PolicyProblem } from './policy-tls.js'
import type { PortBindings } from './port-bindings.js'

/** A listener and what has been found out about it. */
export interface ListenerState {
  readonly declared: DeclaredListener
  readonly conflict: ListenerConflict | undefined
  /** Why the listener is not accepted, a conflict included. */
  readonly accepted: Problem | undefined
  /** What it refers to and cannot have. */
  readonly references: Problem | undefined
  readonly supportedKinds: readonly RouteKind[]
  /** How TLS ends here; undefined where it does not, or cannot. */
  readonly tls: TlsTermination | undefined
  /** DNS names of its certificates. */
  readonly certificateNames: readonly string[]
  /** RFC 3339: the first time at which one of its certificates expires. */
  readonly validUntil: string | undefined
  /** The port that proxies bind; undefined before the gateway has a placement. */
  readonly boundPort: number | undefined
  /** Why it serves nobody although it is valid: a policy asks for what cannot be had. */
  readonly closed: Problem | undefined
  /** True where HTTP/3 is spoken as well, on the same port of UDP. */
  readonly http3: boolean
  /** What of policies cannot be used here. */
  readonly policyProblems: readonly PolicyProblem[]
  readonly serves: boolean
}

/** What listeners are judged by. */
export interface ListenerSources extends ListenerDeclarations, MaterialSources {
  readonly gateways: Collection<OurGateway>
  readonly bindings: PortBindings
  readonly clientPolicies: ClientPolicies
  readonly clientPorts: Collection<ClientPort>
}

/** Declares the states of listeners, by their `ListenerKey`. */
export function declareListenerStates(graph: Graph, sources: ListenerSources): Collection<ListenerState> {
  const { declared, conflicts, gateways, bindings, clientPolicies, clientPorts } = sources
  return graph.collection<ListenerState>('listener states', {
    keys: declared,
    compute: (view, key) => {
      const listener = view.get(declared, key)
      if (listener === undefined) return undefined
      const conflict = listener.allowed ? view.get(conflicts, listener.portWord)?.get(listener.key) : undefined
      const kinds = supportedKinds(listener.protocol, listener.spec.allowedRoutes.kinds)
      const gateway = view.get(gateways, objectKey(listener.gateway.namespace, listener.gateway.name))
      const ports = view.get(bindings, listener.bindingWord)
      const port = ports?.get(scopedPortWord({ scope: listener.scope, port: listener.spec.port }))
      const policies = view.get(clientPolicies.ofListeners, key)
      const tls = resolveListenerTls(view, sources, listener, gateway?.spec.tls, policies?.effective)
      const clients = view.get(clientPorts, listener.portWord)
      const closed = clients?.closed.get(listener.key) ?? tls.closed
      const found = { socket: clients?.socket, tls: tls.termination, boundPort: port }
      const http3 = resolveHttp3(view, bindings, listener, policies?.effective, found)
      const unplaced = ports !== undefined && port === undefined
      const accepted = conflict ?? protocolProblem(listener) ?? (unplaced ? portProblem(listener) : filterProblem(listener)) ?? tls.accepted
      return {
        declared: listener,
        conflict,
        accepted,
        references: summary([...tls.references, ...(kinds.problem === undefined ? [] : [kinds.problem])]),
        supportedKinds: kinds.supported,
        tls: tls.termination,
        certificateNames: tls.certificateNames,
        validUntil: tls.validUntil,
        boundPort: port,
        closed,
        http3: http3.isOn,
        policyProblems: [...tls.policyProblems, ...(http3.problem === undefined ? [] : [http3.problem])],
        serves:
          listener.allowed &&
          accepted === undefined &&
          closed === undefined &&
          listener.refused === undefined &&
          kinds.supported.length > 0 &&
          (tls.termination !== undefined || !terminatesTls(listener)),
      }
    },
  })
}

/** Reasons of `ResolvedRefs`, the gravest first. */
const REASONS = [
  'RefNotPermitted',
  'InvalidCertificateRef',
  'InvalidCACertificateKind',
  'InvalidCACertificateRef',
  'InvalidKind',
  'BackendNotFound',
  'UnsupportedProtocol',
  'InvalidRouteKinds',
]

/** A condition has one reason: the gravest speaks for all, the message tells everything. Undefined without problems. */
export function summary(problems: readonly Problem[]): Problem | undefined {
  const [gravest] = problems.toSorted((a, b) => REASONS.indexOf(a.reason) - REASONS.indexOf(b.reason))
  return gravest && { reason: gravest.reason, message: problems.map((problem) => problem.message).join(' ') }
}

/** A filter may be what keeps strangers out: a listener whose filters cannot be served serves nothing. */
function filterProblem({ spec }: DeclaredListener): Problem | undefined {
  const filters = spec.filters?.requests ?? []
  const unknown = filters.flatMap(({ extensionRef }) =>
    extensionRef === undefined ? [] : [`${extensionRef.group}/${extensionRef.kind} "${extensionRef.name}"`],
  )
  if (unknown.length > 0) return unsupportedFilters(`there is no filter ${unknown.join(', ')}: use ExternalAuth`)
  if (filters.length > MAX_LISTENER_FILTERS)
    return unsupportedFilters(`a listener can have ${MAX_LISTENER_FILTERS} filters, and this one has ${filters.length}`)
  // Bodies that a server cannot be shown whole are refused by the place behind it, and behind the last place there is none.
  if (filters[MAX_LISTENER_FILTERS - 1]?.externalAuth?.forwardBody === undefined) return undefined
  return unsupportedFilters('the last of four filters cannot have a forwardBody: put it before another one')
}

function unsupportedFilters(what: string): Problem {
  return { reason: 'UnsupportedValue', message: `filters.requests: ${what}. Nobody is let in without a filter that was asked for.` }
}

function portProblem({ spec }: DeclaredListener): Problem {
  return { reason: 'PortUnavailable', message: `The proxies have no port left to bind for port ${spec.port}: choose another port.` }
}

function protocolProblem(listener: DeclaredListener): Problem | undefined {
  if (listener.protocol !== undefined) return undefined
  return {
    reason: 'UnsupportedProtocol',
    message: `The protocol "${listener.spec.protocol}" is not supported: use HTTP, HTTPS, TLS, TCP or UDP.`,
  }
}
