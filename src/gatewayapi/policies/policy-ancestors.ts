/** Where the targets of a policy are: the Gateways that it has an effect on, or why a target has none. */
import type { Graph, Index, Source, View } from '../../incremental/index.js'
import { type ObjectKey, objectKey } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import type { Attachment, EffectiveListener } from '../model.js'
import { parseRouteRulesKey, type RouteRules } from '../routes/route-rules.js'
import type { PolicyTarget } from './policy.js'
import { targetNotFound, targetWord } from './policy-targets.js'

/** What targets are looked up in. */
export interface AncestorSources {
  readonly inputs: Inputs
  readonly attachments: Source<Attachment>
  /** By `<Kind>/<namespace>/<name>` of what declares them. */
  readonly listenersByParent: Index<EffectiveListener>
  /** By `<Kind>/<namespace>/<name>` of the backend. */
  readonly rulesByBackend: Index<RouteRules>
}

/** The keys of gateways, or why there are none. */
export type Ancestors =
  | { readonly gateways: readonly ObjectKey[]; readonly problem: undefined }
  | { readonly gateways: readonly []; readonly problem: Problem }

/** Declares what ancestors are found in. */
export function declareAncestorSources(
  graph: Graph,
  inputs: Inputs,
  attachments: Source<Attachment>,
  listeners: Source<EffectiveListener>,
  routeRules: Source<RouteRules>,
): AncestorSources {
  return {
    inputs,
    attachments,
    listenersByParent: graph.index(listeners, 'listeners by declaring object', ({ parent }) => [
      targetWord({ ...parent, sectionName: undefined }),
    ]),
    rulesByBackend: graph.index(routeRules, 'rules by backend target', ({ targets }) => targets),
  }
}

/** The gateways of a target. */
export function ancestorsOf(view: View, sources: AncestorSources, target: PolicyTarget): Ancestors {
  if (target.problem !== undefined) return { gateways: [], problem: target.problem }
  switch (target.kind) {
    case 'Gateway':
    case 'ListenerSet':
      return ofListeners(view, sources, target)
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TLSRoute':
    case 'TCPRoute':
      return ofRoute(view, sources, target, target.kind)
    default:
      return ofBackend(view, sources, target)
  }
}

function ofListeners(view: View, { listenersByParent }: AncestorSources, target: PolicyTarget): Ancestors {
  const { kind, namespace, name, sectionName } = target
  const listeners = view.list(listenersByParent, targetWord({ ...target, sectionName: undefined }))
  if (listeners.length === 0) return missing(`The ${kind} "${namespace}/${name}" does not exist, has no listener or is not ours.`)
  const named = listeners.filter((listener) => sectionName === undefined || listener.name === sectionName)
  if (named.length === 0) return missing(`The ${kind} "${namespace}/${name}" has no listener named "${sectionName ?? ''}".`)
  return found(named.map(({ gateway }) => objectKey(gateway.namespace, gateway.name)))
}

type RouteTargetKind = 'HTTPRoute' | 'GRPCRoute' | 'TLSRoute' | 'TCPRoute'

/** What all kinds of routes have in common. */
interface Rules {
  readonly spec: { readonly rules?: readonly { readonly name?: string }[] }
}

function ofRoute(view: View, { inputs, attachments }: AncestorSources, target: PolicyTarget, kind: RouteTargetKind): Ancestors {
  const { namespace, name, sectionName } = target
  const key = objectKey(namespace, name)
  const route = view.get<Rules>(inputs.kind(kind), key)
  if (route === undefined) return missing(`The ${kind} "${key}" does not exist or names no Gateway of ours.`)
  if (sectionName !== undefined && !route.spec.rules?.some((rule) => rule.name === sectionName)) {
    return missing(`The ${kind} "${key}" has no rule named "${sectionName}".`)
  }
  const parents = view.get(attachments, `${kind}/${key}`)?.parents ?? []
  if (parents.length === 0) return missing(`The ${kind} "${key}" names no Gateway of ours.`)
  return found(parents.map(({ gateway }) => gateway))
}

function ofBackend(view: View, { inputs, rulesByBackend }: AncestorSources, target: PolicyTarget): Ancestors {
  const { kind, namespace, name, sectionName } = target
  const key = objectKey(namespace, name)
  const ports = portsOf(view, inputs, kind, key)
  if (ports === undefined) return missing(`The ${kind} "${key}" does not exist.`)
  if (sectionName !== undefined && !ports.includes(sectionName)) return missing(`The ${kind} "${key}" has no port named "${sectionName}".`)
  const rules = view.keys(rulesByBackend, targetWord({ ...target, sectionName: undefined }))
  return found(rules.map((rule) => parseRouteRulesKey(rule).gateway as ObjectKey))
}

/** The names of the ports of a backend; undefined where it does not exist. */
function portsOf(view: View, inputs: Inputs, kind: string, key: ObjectKey): readonly string[] | undefined {
  switch (kind) {
    case 'Service':
    case 'ServiceImport': {
      const object = kind === 'Service' ? view.get(inputs.kind('Service'), key) : view.get(inputs.kind('ServiceImport'), key)
      return object === undefined ? undefined : (object.spec?.ports ?? []).flatMap((port) => port.name ?? [])
    }
    case 'Backend':
      return view.get(inputs.kind('Backend'), key) === undefined ? undefined : []
    case 'XBackend':
      return view.get(inputs.kind('XBackend'), key) === undefined ? undefined : []
    default:
      return undefined
  }
}

function missing(message: string): Ancestors {
  return { gateways: [], problem: targetNotFound(message) }
}

function found(gateways: readonly ObjectKey[]): Ancestors {
  return { gateways: [...new Set(gateways)].sort(), problem: undefined }
}
