import type { CommonConfig } from '../config/config.js'
import type { TranslationContext } from '../gatewayapi/context.js'
import { SUPPORTED_FEATURES } from '../gatewayapi/features.js'
import type { TranslateOptions } from '../xds/translate/options.js'
import type { ControlPlaneOptions } from './control-plane.js'

/** What depends on where proxies run. Without a file it is that of Envoy's image. */
export type ProxyPlace = Pick<TranslationContext, 'allowExternalName'> & Partial<Pick<TranslateOptions, 'systemTrustFile'>>

/** What the command line says about the translation. */
export function translationSettings(
  { controllerName, envoyPatches, routePacking, accessLog, rateLimitService }: CommonConfig,
  { allowExternalName, ...place }: ProxyPlace,
): Pick<ControlPlaneOptions, 'context' | 'xds'> {
  return {
    context: {
      controllerName,
      envoyPatches,
      allowExternalName,
      supportedFeatures: SUPPORTED_FEATURES,
      hasRateLimitService: rateLimitService !== undefined,
    },
    xds: { ...place, packing: routePacking, accessLog, ...(rateLimitService === undefined ? {} : { rateLimitService }) },
  }
}
