/** ExtensionPolicy (headgate.dev): programs that see requests and answers on their way. */
import { list, object, optional, required, string } from '../schema/build.js'
import type { KindDefinition } from '../schema/kind.js'
import type { Field, ObjectSchema } from '../schema/schema.js'
import { dynamicModule, extProc, lua } from './extensions.js'
import { ownPolicy } from './own-policy.js'
import { headerName } from './strings.js'
import { wasm } from './wasm.js'

/** Envoy takes no other names. */
const databasePath = string({ minLength: 6, maxLength: 1024, pattern: '^/.*\\.mmdb$' })

const geoIp: ObjectSchema = object('GeoIP', "Finds out where a client's address is, and says so in request headers.", {
  maxMind: required(
    object(
      'MaxMindDatabases',
      'Databases in the format of MaxMind, as files of the proxy.',
      {
        cityDbPath: optional(databasePath, 'Knows country, region and city.'),
        countryDbPath: optional(databasePath, 'Knows the country.'),
        asnDbPath: optional(databasePath, 'Knows the autonomous system.'),
        ispDbPath: optional(databasePath, 'Knows the provider and the autonomous system.'),
        anonymousDbPath: optional(databasePath, 'Knows VPNs, proxies, hosting and Tor.'),
      },
      { minProperties: 1 },
    ),
    'The databases.',
  ),
  headers: required(
    object(
      'GeoIPHeaders',
      'The header for each thing that is found out. What clients send under these names is removed first.',
      {
        country: optional(headerName, 'The ISO code of the country.'),
        region: optional(headerName, 'The ISO code of the region.'),
        city: optional(headerName, 'The name of the city.'),
        asn: optional(headerName, 'The number of the autonomous system.'),
        isp: optional(headerName, 'The provider.'),
        anonymous: optional(headerName, '`true` for addresses that hide who is behind them.'),
        anonymousVpn: optional(headerName, '`true` for VPNs.'),
        anonymousHosting: optional(headerName, '`true` for hosting.'),
        anonymousTor: optional(headerName, '`true` for exits of Tor.'),
        anonymousProxy: optional(headerName, '`true` for public proxies.'),
      },
      { minProperties: 1 },
    ),
    'The headers.',
  ),
})

/** The settings of an ExtensionPolicy: once as defaults, once as overrides. Each is merged as a whole. */
const settings: Readonly<Record<string, Field>> = {
  grpcWeb: optional(
    object('GRPCWeb', 'Lets browsers call gRPC services.', {}),
    'Turns gRPC-Web requests of browsers into gRPC, and the answers back.',
  ),
  geoIP: optional(geoIp, "Finds out where a client's address is, before authorization is asked."),
  lua: optional(list(lua, { maxItems: 8 }), 'Scripts, in their order; they come before the other extensions.'),
  extProc: optional(
    list(extProc, { maxItems: 8 }),
    'Services that see and change requests and answers, in their order; behind the scripts.',
  ),
  wasm: optional(list(wasm, { maxItems: 8 }), 'WebAssembly modules, in their order; behind the services.'),
  dynamicModule: optional(list(dynamicModule, { maxItems: 8 }), 'Native modules, in their order; behind the WebAssembly modules.'),
}

/** ExtensionPolicy: programs that see requests and answers on their way. */
export const extensionPolicy: KindDefinition = ownPolicy({
  kind: 'ExtensionPolicy',
  plural: 'extensionpolicies',
  shortName: 'hgep',
  description:
    'Programs that see requests of HTTPRoutes and GRPCRoutes and their answers, and may change them. Together there can be 8 for a request.',
  settings,
})
