/** What the translation knows besides objects: fixed for the life of the process. */
export interface TranslationContext {
  /** Classes with this `spec.controllerName` are ours: `headgate.dev/gateway-controller`. */
  readonly controllerName: string
  /** Whether a Service of type ExternalName may be a backend: it lets a route author reach any name that the proxies can. */
  readonly allowExternalName: boolean
  /** Whether EnvoyPatchPolicies are applied; they are not where left out. */
  readonly envoyPatches?: boolean
  /** The names in `GatewayClass.status.supportedFeatures`, in ascending order. */
  readonly supportedFeatures: readonly string[]
  /** True if there is a rate limit service: without one, policies that ask for it are refused. */
  readonly hasRateLimitService?: boolean
}

/** The name under which we claim GatewayClasses. */
export const CONTROLLER_NAME = 'headgate.dev/gateway-controller'
