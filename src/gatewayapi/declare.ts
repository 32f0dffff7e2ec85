/**
 * The Gateway API as a part of the graph: objects go in, what gateways do and what their owners should know comes out.
 *
 * The order of declaration is the order in which values flow: gateways and listeners, what routes make of them, ports, secrets, statuses.
 */
import type { Collection, Graph, Source } from '../incremental/index.js'
import type { JwtRequirement } from '../ir/authentication.js'
import type { Cluster, Endpoints } from '../ir/cluster.js'
import type { GatewayInfra } from '../ir/infra.js'
import type { Port } from '../ir/port.js'
import type { RateLimitDomain } from '../ir/request-traffic.js'
import type { RouteTable, VirtualHost } from '../ir/route.js'
import type { SecretMaterial } from '../ir/tls.js'
import type { SelectedPods } from './backends/selected-pods.js'
import type { TranslationContext } from './context.js'
import { declareRoutes, type EffectivePolicies } from './declare-routes.js'
import type { FetchRequest } from './fetches/fetch-request.js'
import { declareBackendClientCertificates, declareClientCertificateStates } from './gateways/backend-client-certificates.js'
import { declareClassFinalizers, declareClassUsers, type FinalizerChange } from './gateways/gateway-class-finalizers.js'
import { declareGatewayClasses } from './gateways/gateway-classes.js'
import { declareGateways, type OurGateway } from './gateways/gateways.js'
import { declareInfra } from './gateways/infra.js'
import type { Inputs } from './inputs.js'
import { declareFiltersOfListeners } from './listeners/listener-filters.js'
import { declareListenerOverlaps } from './listeners/listener-overlaps.js'
import { declareListenerPlaces } from './listeners/listener-places.js'
import { declareListenerSets } from './listeners/listener-sets.js'
import { declareListenerStates } from './listeners/listener-states.js'
import { declareListeners } from './listeners/listeners.js'
import { declarePortBindings } from './listeners/port-bindings.js'
import { declarePorts } from './listeners/ports.js'
import { declareMaterials, type Materials } from './materials/materials.js'
import { declareSecrets } from './materials/secrets.js'
import type { Attachment, EffectiveListener } from './model.js'
import type { ObjectStatus } from './object-status.js'
import { declarePatchPolicies, type PatchPolicy } from './patches/patch-policies.js'
import { declareClientFacts } from './policies/client-facts.js'
import { declareClientPolicies } from './policies/client-policies.js'
import { declareClientPorts } from './policies/client-ports.js'
import { declarePassThroughs } from './policies/http1-pass-through.js'
import type { PolicyUse } from './policies/policy-uses.js'
import { declareReferenceGrants } from './reference-grants.js'
import { declareRouteTables } from './route-tables.js'
import type { RouteRules } from './routes/route-rules.js'
import { declareStatuses } from './statuses.js'
import type { GatewayTelemetry } from './telemetry/resolve-telemetry.js'

/** Everything that the rest of the program reads of the Gateway API. Keys of the IR: `src/ir/README.md`. */
export interface GatewayApi {
  /** Gateways of ours, by `namespace/name`. */
  readonly gateways: Collection<OurGateway>
  /** By `ListenerKey`. */
  readonly listeners: Collection<EffectiveListener>
  /** By `<Kind>/<namespace>/<name>` of the route. */
  readonly attachments: Collection<Attachment>
  readonly routeTables: Collection<RouteTable>
  readonly virtualHosts: Source<VirtualHost>
  readonly clusters: Source<Cluster>
  readonly endpoints: Source<Endpoints>
  /** By name. */
  readonly jwtRequirements: Source<JwtRequirement>
  /** What is to be fetched for policies, by the key of the request. */
  readonly fetches: Collection<FetchRequest>
  /** By the key of the policy. */
  readonly rateLimitDomains: Source<RateLimitDomain>
  readonly ports: Collection<Port>
  /** Certificates and authorities that something names, usable or not: with the time at which each certificate expires. */
  readonly materials: Materials
  /** Those of them that proxies need. */
  readonly secrets: Collection<SecretMaterial>
  /** By `namespace/name` of the gateway. */
  readonly infra: Collection<GatewayInfra>
  /** By `XBackend/<namespace>/<name>`: what XBackends that choose pods need of the cluster. */
  readonly selectedPods: Collection<SelectedPods>
  /** By the key of the class. */
  readonly classFinalizers: Collection<FinalizerChange>
  /** By `<Kind>/<namespace>/<name>`. */
  readonly statuses: Collection<ObjectStatus>
  /** By the kind of the policy. */
  readonly effectivePolicies: EffectivePolicies
  /** What proxies tell about requests, by the key of the gateway; absent where nothing is said about it. */
  readonly telemetry: Collection<GatewayTelemetry>
  /** Changes to what proxies are sent, by the key of the policy. */
  readonly patchPolicies: Collection<PatchPolicy>
  /** Policies and filters of routes and the gateways where they are in use, by `<Kind>/<namespace>/<name>`. */
  readonly policyUses: Collection<PolicyUse>
  /** What the rules of routes do on each gateway, see `routeRulesKey`. */
  readonly routeRules: Collection<RouteRules>
}

/** Declares the translation of the Gateway API. */
export function declareGatewayApi(graph: Graph, inputs: Inputs, context: TranslationContext): GatewayApi {
  const grants = declareReferenceGrants(graph, inputs)
  const classes = declareGatewayClasses(graph, inputs, context)
  const gateways = declareGateways(graph, inputs, classes)
  const classUsers = declareClassUsers(graph, gateways)
  const sets = declareListenerSets(graph, inputs, gateways)
  const materials = declareMaterials(graph, inputs, gateways, sets)
  const declarations = declareListeners(graph, inputs, gateways, sets)
  const bindings = declarePortBindings(graph, inputs, declarations)
  const clientPolicies = declareClientPolicies(graph, inputs, grants, declarations)
  const clientPorts = declareClientPorts(graph, declarations, clientPolicies)
  const states = declareListenerStates(graph, {
    ...declarations,
    gateways,
    bindings,
    materials,
    grants,
    clientPolicies,
    clientPorts,
  })
  const places = declareListenerPlaces(graph, inputs, states)
  const { listeners } = places
  const routeTables = declareRouteTables(graph, inputs, places, clientPorts)
  const clientCertificates = declareClientCertificateStates(graph, { materials, grants }, gateways)
  const backendClientCertificates = declareBackendClientCertificates(graph, clientCertificates)

  const clientFacts = declareClientFacts(graph, declarations, clientPolicies, clientPorts, states)
  const patchPolicies = declarePatchPolicies(graph, inputs, context, gateways)
  const routes = declareRoutes(graph, inputs, context, {
    clients: {
      policies: clientPolicies.policies,
      facts: clientFacts,
      passThroughs: declarePassThroughs(graph, declarations.declared, clientPolicies),
    },
    gateways,
    listeners,
    filtersOfListeners: declareFiltersOfListeners(graph, states),
    routeTables,
    backendClientCertificates,
    materials,
    grants,
  })
  const { attachments, virtualHosts, clusters, endpoints, streamRoutesOf, listenerFilters } = routes

  const ports = declarePorts(graph, inputs, places, { streamRoutesOf, telemetry: routes.telemetry, clientPorts })
  const secrets = declareSecrets(graph, materials, ports, clusters, {
    ofRoutes: routes.secretsOfRoutes,
    authentications: routes.authentications,
  })
  const infra = declareInfra(graph, inputs, gateways, states)
  const overlaps = declareListenerOverlaps(graph, states)
  const statuses = declareStatuses(graph, inputs, context, {
    classes,
    classUsers,
    gateways,
    sets,
    states,
    overlaps,
    listenerFilters,
    clientCertificates,
    attachments,
    telemetry: routes.telemetry,
    others: routes.statuses,
  })
  return {
    gateways,
    listeners,
    attachments,
    routeTables,
    virtualHosts,
    clusters,
    endpoints,
    jwtRequirements: routes.jwtRequirements,
    fetches: routes.fetches,
    rateLimitDomains: routes.rateLimitDomains,
    ports,
    materials,
    secrets,
    infra,
    selectedPods: routes.selectedPods,
    classFinalizers: declareClassFinalizers(graph, inputs, classes, classUsers),
    statuses,
    effectivePolicies: routes.effectivePolicies,
    telemetry: routes.telemetry,
    policyUses: routes.policyUses,
    routeRules: routes.routeRules,
    patchPolicies,
  }
}
