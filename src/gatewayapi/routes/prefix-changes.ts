import type { Forward, WeightedCluster } from '../../ir/forward.js'
import type { Redirect, Route } from '../../ir/route.js'

/**
 * Leaves out replacements of a prefix where no prefix matches: there is nothing to replace then.
 *
 * The schema refuses most of them, but not where several backends of a rule replace a prefix.
 */
export function withoutIdlePrefixChanges(route: Route): Route {
  const { match, action } = route
  if (match.path.kind === 'prefix' || action.kind === 'directResponse') return route
  return { ...route, action: action.kind === 'redirect' ? ofRedirect(action) : ofForward(action) }
}

function ofRedirect(redirect: Redirect): Redirect {
  const { path, ...rest } = redirect
  return path?.kind === 'prefix' ? rest : redirect
}

function ofForward(forward: Forward): Forward {
  const { pathRewrite, ...rest } = forward
  const session = forward.sessionPersistence
  return {
    ...(pathRewrite?.kind === 'prefix' ? rest : forward),
    clusters: forward.clusters.map(ofCluster),
    ...(session?.backends === undefined ? {} : { sessionPersistence: { ...session, backends: session.backends.map(ofCluster) } }),
  }
}

function ofCluster(cluster: WeightedCluster): WeightedCluster {
  const { pathRewrite, ...rest } = cluster
  return pathRewrite?.kind === 'prefix' ? rest : cluster
}
