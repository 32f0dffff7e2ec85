/** What is to be fetched for policies. What nobody asks for any more goes away with the last that asked. */
import type { ExtensionSettings, SecuritySettings } from '../../gen/kinds.js'
import type { Collection, Graph, Index, View } from '../../incremental/index.js'
import { objectVersion } from '../../util/object-ref.js'
import type { RuleSources } from '../routes/find-backend.js'
import { discoveryOfKeys, discoveryOfLogin } from './discovery.js'
import type { FetchRequest } from './fetch-request.js'
import { moduleRequest } from './module-request.js'
import { type ProviderWorld, providerRequest } from './provider-request.js'

/** Declares it, by the key of the request: what one wants again and again is new for all who want it. Only what references permit is asked for: a request carries what Secrets hold. */
export function declareFetches(graph: Graph, sources: RuleSources): Collection<FetchRequest> {
  const requests = [ofPolicies(graph, sources, 'ExtensionPolicy', modulesOf), ofPolicies(graph, sources, 'SecurityPolicy', providersOf)]
  return graph.collection<FetchRequest>('fetches', {
    keys: requests,
    compute: (view, key) => {
      const same = requests.flatMap((index) => view.list(index, key).flat()).filter((request) => request.key === key)
      return same.find((request) => request.kind !== 'provider' && request.isFollowed) ?? same[0]
    },
  })
}

function ofPolicies<K extends 'ExtensionPolicy' | 'SecurityPolicy'>(
  graph: Graph,
  sources: RuleSources,
  kind: K,
  requestsOf: (world: ProviderWorld, settings: ExtensionSettings & SecuritySettings) => readonly FetchRequest[],
): Index<readonly FetchRequest[]> {
  const policies = sources.inputs.kind(kind)
  const asked = graph.collection<readonly FetchRequest[]>(`${kind}: fetches`, {
    keys: policies,
    compute: (view: View, key: string) => {
      const policy = view.get(policies, key)
      if (policy === undefined) return undefined
      const world: ProviderWorld = { ...sources, view, referrer: objectVersion(policy) }
      const found = [policy.spec, policy.spec.overrides ?? {}].flatMap((settings) => requestsOf(world, settings))
      return found.length === 0 ? undefined : found
    },
  })
  return graph.index(asked, `${kind}: keys of fetches`, (requests) => requests.map((request) => request.key))
}

function modulesOf(world: ProviderWorld, { wasm }: ExtensionSettings): readonly FetchRequest[] {
  return (wasm ?? []).flatMap(({ code }) => {
    const request = moduleRequest(world, code, '')
    return request?.ok ? [request.value] : []
  })
}

function providersOf(world: ProviderWorld, { oidc, jwt }: SecuritySettings): readonly FetchRequest[] {
  const ofLogin = oidc === undefined ? [] : [discoveryOfLogin(oidc)]
  const ofTokens = (jwt?.providers ?? []).map(discoveryOfKeys)
  return [...ofLogin, ...ofTokens].flatMap((discovery) => {
    if (discovery === undefined) return []
    const request = providerRequest(world, discovery.issuer, discovery.backendRef, '')
    return request.ok ? [request.value] : []
  })
}
