/** Key material that proxies need: what ports, clusters and routes name, and nothing else. */
import type { Collection, Graph, Keys, Source } from '../../incremental/index.js'
import type { Cluster } from '../../ir/cluster.js'
import type { Port } from '../../ir/port.js'
import type { SecretMaterial } from '../../ir/tls.js'
import { authenticationMaterials, type PolicyAuthentication } from '../authentication/authentications.js'
import { originsOf } from '../origins.js'
import { partsOfTrustName } from './material-names.js'
import type { Materials } from './materials.js'

/** Who else needs secrets. */
export interface OtherSecrets {
  /** The names of those that routes name. */
  readonly ofRoutes: Keys
  /** By the key of a SecurityPolicy. */
  readonly authentications: Source<PolicyAuthentication>
}

/** Declares the secrets in use, by their name. */
export function declareSecrets(
  graph: Graph,
  materials: Materials,
  ports: Source<Port>,
  clusters: Source<Cluster>,
  { ofRoutes, authentications }: OtherSecrets,
): Collection<SecretMaterial> {
  const ofPorts = graph.index(ports, 'secrets of ports', (port) => port.chains.flatMap((chain) => namesOfTermination(chain.tls)))
  const ofClusters = graph.index(clusters, 'secrets of clusters', ({ tls }) => [
    ...(tls?.trust.kind === 'material' ? [tls.trust.name] : []),
    ...(tls?.clientCertificate === undefined ? [] : [tls.clientCertificate]),
  ])
  const ofPolicies = graph.index(authentications, 'secrets of authentication', (each) =>
    authenticationMaterials(each).map((made) => made.name),
  )
  return graph.collection<SecretMaterial>('secrets', {
    keys: [ofPorts, ofClusters, ofRoutes, ofPolicies],
    compute: (view, name) => {
      const made = view
        .list(ofPolicies, name)
        .flatMap(authenticationMaterials)
        .find((each) => each.name === name)
      if (made !== undefined) return made
      const parts = partsOfTrustName(name).flatMap((part) => {
        const found = view.get(materials, part)
        return found?.ok === true ? [found.value.material] : []
      })
      return combine(name, parts)
    },
  })
}

function namesOfTermination(tls: Port['chains'][number]['tls']): readonly string[] {
  const trust = tls?.clientValidation?.trust
  return [...(tls?.certificates ?? []), ...(trust === undefined ? [] : [trust])]
}

/** Authorities from several objects become one material; everything else stands alone. */
function combine(name: string, parts: readonly SecretMaterial[]): SecretMaterial | undefined {
  const [first] = parts
  if (first === undefined || first.name === name) return first
  const trusted = parts.flatMap((part) => (part.kind === 'trust' ? [part] : []))
  const revoked = trusted.map((part) => part.revoked ?? '').join('')
  return {
    kind: 'trust',
    name,
    authorities: trusted.map((part) => part.authorities).join(''),
    ...(revoked === '' ? {} : { revoked }),
    origins: originsOf(trusted.flatMap((part) => part.origins)),
  }
}
