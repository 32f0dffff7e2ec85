/** Declares the rules of routes on gateways. */
import type { BackendTrafficSettings, ExtensionSettings, SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph, Source } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import type { PolicyAuthentication } from '../authentication/authentications.js'
import type { Attachment } from '../model.js'
import type { RoutePolicies, RouteScopes } from '../policies/effective-policies.js'
import type { TelemetryWishes } from '../telemetry/telemetry-wishes.js'
import type { Routes } from './any-route.js'
import { compileRules } from './compile-rules.js'
import type { RuleSources } from './find-backend.js'
import { parseRouteRulesKey, type RouteRules } from './route-rules.js'

/** What policies say about routes, and for which keys. */
export interface RulePolicies {
  readonly scopes: RouteScopes
  readonly traffic: Source<RoutePolicies<BackendTrafficSettings>>
  readonly security: Source<RoutePolicies<SecuritySettings>>
  /** By the key of a policy. */
  readonly authentications: Source<PolicyAuthentication>
  readonly extensions: Source<RoutePolicies<ExtensionSettings>>
  /** What gateways say about traces, by their keys. */
  readonly telemetry: Source<TelemetryWishes>
}

/** Declares what the rules of each route do on each gateway that it names, by `routeRulesKey`. */
export function declareRouteRules(
  graph: Graph,
  routes: Routes,
  attachments: Source<Attachment>,
  sources: RuleSources,
  policies: RulePolicies,
): Collection<RouteRules> {
  return graph.collection<RouteRules>('route rules', {
    keys: policies.scopes.keys,
    compute: (view, key) => {
      const { route: routeKey, gateway } = parseRouteRulesKey(key)
      const attachment = view.get(attachments, routeKey)
      const served = routes.served(view, routeKey)
      if (attachment === undefined || served === undefined) return undefined
      const [namespace = '', name = ''] = gateway.split('/')
      const kinds = view.get(policies.scopes.ofRoutes, routeKey)?.kinds ?? []
      const context = {
        ...sources,
        view,
        route: attachment.route,
        referrer: attachment.route,
        gateway: objectKey(namespace, name),
        traffic: kinds.includes('BackendTrafficPolicy') ? view.get(policies.traffic, key) : undefined,
        security: kinds.includes('SecurityPolicy') ? view.get(policies.security, key) : undefined,
        authentications: policies.authentications,
        extensions: kinds.includes('ExtensionPolicy') ? view.get(policies.extensions, key) : undefined,
        telemetry: policies.telemetry,
      }
      return compileRules(context, served.object, {
        isAccepted: attachment.parents.some((parent) => parent.gateway === gateway && parent.accepted.status),
        isRefused: served.isRefused,
      })
    },
  })
}
