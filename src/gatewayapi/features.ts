/**
 * The features of the conformance suite that we support, for `GatewayClass.status.supportedFeatures`. For those without a test in the suite
 * there is one of ours: `test/features/listener-filters.test.ts`, `test/cluster/features.cluster.ts`.
 *
 * Source: Gateway API v1.7, `pkg/features`.
 */
const FEATURES = {
  Gateway: [
    'Gateway',
    'GatewayPort8080',
    'GatewayStaticAddresses',
    'GatewayHTTPListenerIsolation',
    'GatewayHTTPSListenerDetectMisdirectedRequests',
    'GatewayInfrastructure',
    'GatewayAddressEmpty',
    'ListenerSet',
    'GatewayBackendClientCertificate',
    'GatewayFrontendClientCertificateValidation',
    'GatewayFrontendClientCertificateValidationInsecureFallback',
    'GatewayRouteHostnameIntersectionPrecedence',
    'ClusterTrustBundle',
    'GatewayListenerFilters',
    'GatewayAddressRoutability',
    'GatewayAddressRoutabilityCluster',
  ],
  ReferenceGrant: ['ReferenceGrant'],
  HTTPRoute: [
    'HTTPRoute',
    'HTTPRouteDestinationPortMatching',
    'HTTPRouteBackendRequestHeaderModification',
    'HTTPRouteQueryParamMatching',
    'HTTPRouteMethodMatching',
    'HTTPRouteResponseHeaderModification',
    'HTTPRoutePortRedirect',
    'HTTPRouteSchemeRedirect',
    'HTTPRoutePathRedirect',
    'HTTPRouteHostRewrite',
    'HTTPRoutePathRewrite',
    'HTTPRouteRequestMirror',
    'HTTPRouteRequestMultipleMirrors',
    'HTTPRouteRequestPercentageMirror',
    'HTTPRouteRequestTimeout',
    'HTTPRouteBackendTimeout',
    'HTTPRouteParentRefPort',
    'HTTPRouteBackendProtocolH2C',
    'HTTPRouteBackendProtocolWebSocket',
    'HTTPRouteNamedRouteRule',
    'HTTPRouteCORS',
    'HTTPRoute303RedirectStatusCode',
    'HTTPRoute307RedirectStatusCode',
    'HTTPRoute308RedirectStatusCode',
    'HTTPRouteRetryCodes',
    'HTTPRouteRetryConnectionError',
    'HTTPRouteBackendURLRewrite',
  ],
  GRPCRoute: ['GRPCRoute', 'GRPCRouteNamedRouteRule', 'GRPCRouteRequestHeaderModifier'],
  TLSRoute: ['TLSRoute', 'TLSRouteModeTerminate', 'TLSRouteModeMixed'],
  TCPRoute: ['TCPRoute'],
  UDPRoute: ['UDPRoute'],
  BackendTLSPolicy: ['BackendTLSPolicy', 'BackendTLSPolicySANValidation'],
} as const

/** The names of the supported features, in ascending order. */
export const SUPPORTED_FEATURES: readonly string[] = Object.values(FEATURES).flat().sort()
