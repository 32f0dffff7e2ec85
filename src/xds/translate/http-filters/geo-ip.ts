/**
 * Finds out where a client's address is. Envoy sets a header only for what it finds, so what clients send under the same names is removed
 * by a filter before it.
 */
import type { GeoFact, GeoIp } from '../../../ir/extension.js'
import { any } from '../../message.js'
import { headerRemoval } from './header-mutation.js'
import type { HttpFilter } from './http-filter.js'
import { type RouteFilter, slot } from './slot.js'

const NAME = 'envoy.filters.http.geoip'
const REMOVAL_NAME = 'headgate.geoip_headers'

/** The names of Envoy's fields. */
const FIELDS = {
  country: 'country',
  region: 'region',
  city: 'city',
  asn: 'asn',
  isp: 'isp',
  anonymous: 'anon',
  anonymousVpn: 'anonVpn',
  anonymousHosting: 'anonHosting',
  anonymousTor: 'anonTor',
  anonymousProxy: 'anonProxy',
} as const satisfies Record<GeoFact, string>
const DATABASES = { city: 'cityDbPath', country: 'countryDbPath', asn: 'asnDbPath', isp: 'ispDbPath', anonymous: 'anonDbPath' } as const

/** Removes what clients say about where they are, and says where the client's address is. */
export const GEO_IP: HttpFilter = slot(NAME, ({ geoIp }) => (geoIp === undefined ? [] : [removal(geoIp), lookup(geoIp)]))

function removal({ headers }: GeoIp): RouteFilter {
  return headerRemoval(REMOVAL_NAME, [...new Set(Object.values(headers))].sort())
}

function lookup({ databases, headers }: GeoIp): RouteFilter {
  const maxMind = any('envoy.extensions.geoip_providers.maxmind.v3.MaxMindConfig', {
    ...renamed(DATABASES, databases),
    commonProviderConfig: { geoFieldKeys: renamed(FIELDS, headers) },
  })
  const provider = { name: 'envoy.geoip_providers.maxmind', typedConfig: maxMind }
  return { name: NAME, typedConfig: any('envoy.extensions.filters.http.geoip.v3.Geoip', { provider }) }
}

function renamed<K extends string, F extends string>(
  names: Readonly<Record<K, F>>,
  values: Readonly<Partial<Record<K, string>>>,
): Partial<Record<F, string>> {
  const entries = (Object.entries(values) as [K, string][]).map(([key, value]) => [names[key], value])
  return Object.fromEntries(entries) as Partial<Record<F, string>>
}
