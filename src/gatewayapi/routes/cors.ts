import type { HTTPCORSFilter } from '../../gen/kinds.js'
import type { Cors } from '../../ir/route.js'

/** Cross-origin requests as the filter of Gateway API has them. */
export function corsOf(filter: HTTPCORSFilter): Cors {
  return {
    allowOrigins: filter.allowOrigins ?? [],
    allowCredentials: filter.allowCredentials ?? false,
    allowMethods: filter.allowMethods ?? [],
    allowHeaders: filter.allowHeaders ?? [],
    exposeHeaders: filter.exposeHeaders ?? [],
    maxAgeSeconds: filter.maxAge,
  }
}
