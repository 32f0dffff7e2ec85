/** How an endpoint is chosen, as a BackendTrafficPolicy says it. */
import type { ConsistentHash, BackendLoadBalancer as LoadBalancer } from '../../gen/kinds.js'
import { boolean, int32, list, mapOf, object, oneOf, optional, required, rule, setOf, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'
import { cookieName, duration, headerName, portNumber, preciseHostname } from '../strings.js'

const queryParameterName = string({ minLength: 1, maxLength: 256 })

const consistentHash: ObjectSchema = object(
  'ConsistentHash',
  'What decides to which endpoint a request goes: equal values go to the same endpoint.',
  {
    type: required(
      oneOf(['SourceIP', 'Header', 'Headers', 'Cookie', 'QueryParameter', 'QueryParameters'], { name: 'ConsistentHashType' }),
      'What is looked at.',
    ),
    header: optional(headerName, 'The name of the header, for `Header`.'),
    headers: optional(setOf(headerName, { minItems: 1, maxItems: 8 }), 'The names of headers that decide together, for `Headers`.'),
    cookie: optional(
      object('ConsistentHashCookie', 'A cookie that decides.', {
        name: required(cookieName, 'Its name.'),
        ttl: optional(duration, 'Sets the cookie for so long where a client has none; without it such requests go anywhere.'),
        attributes: optional(
          mapOf(string({ maxLength: 256 }), { maxProperties: 8 }),
          'More attributes of the cookie that is set, such as `SameSite: Strict`; an empty value for one that has none.',
        ),
      }),
      'The cookie, for `Cookie`.',
    ),
    queryParameter: optional(queryParameterName, 'The name of the query parameter, for `QueryParameter`.'),
    queryParameters: optional(
      setOf(queryParameterName, { minItems: 1, maxItems: 8 }),
      'The names of query parameters that decide together, for `QueryParameters`.',
    ),
    tableSize: optional(
      // Envoy asks for a prime number.
      int32({ minimum: 2, maximum: 5_000_011 }),
      'Size of the table (Maglev): a prime number, 65537 when left out. Larger tables spread more evenly.',
    ),
  },
  {
    rules: [
      rule<ConsistentHash>(
        'hash-has-what-its-type-names',
        "(self.type == 'Header') == has(self.header) && (self.type == 'Headers') == has(self.headers) && (self.type == 'Cookie') == has(self.cookie) && (self.type == 'QueryParameter') == has(self.queryParameter) && (self.type == 'QueryParameters') == has(self.queryParameters)",
        'set header, headers, cookie, queryParameter or queryParameters exactly when type names it',
        (self) =>
          (self.type === 'Header') === (self.header !== undefined) &&
          (self.type === 'Headers') === (self.headers !== undefined) &&
          (self.type === 'Cookie') === (self.cookie !== undefined) &&
          (self.type === 'QueryParameter') === (self.queryParameter !== undefined) &&
          (self.type === 'QueryParameters') === (self.queryParameters !== undefined),
      ),
    ],
  },
)

const backendUtilization: ObjectSchema = object(
  'BackendUtilization',
  'Endpoints say how busy they are (ORCA load reports), and get requests accordingly.',
  {
    blackoutPeriod: optional(duration, 'So long the reports of a new endpoint do not count; 10s when left out.'),
    weightExpirationPeriod: optional(duration, 'After so long without a report an endpoint counts as average; 3m when left out.'),
    weightUpdatePeriod: optional(duration, 'How often shares are computed anew; 1s when left out, 100ms at least.'),
    errorUtilizationPenaltyPercent: optional(
      int32({ minimum: 0, maximum: 10_000 }),
      'What errors cost: 100 times the ratio of errors to requests adds this to the utilization, in percent; 100 when left out.',
    ),
    metricNamesForComputingUtilization: optional(
      setOf(string({ minLength: 1, maxLength: 256 }), { minItems: 1, maxItems: 16 }),
      'Reported metrics of which the greatest is the utilization, such as `named_metrics.queue`; the CPU when left out.',
    ),
    keepResponseHeaders: optional(boolean(), 'Leaves the headers with load reports in answers; they are taken out when left out.'),
    outOfBand: optional(
      object('OutOfBandReporting', 'Asks endpoints for reports over gRPC (xds.service.orca.v3.OpenRcaService).', {
        reportingPeriod: optional(duration, 'How often; 10s when left out, 100ms at least.'),
        port: optional(portNumber, 'The port that is asked; that of the requests when left out.'),
        authority: optional(preciseHostname, 'The host that is asked for.'),
      }),
      'Asks endpoints for reports instead of reading them from answers.',
    ),
  },
)

const threshold = int32({ minimum: 0, maximum: 1_000_000 })

const preferLocal: ObjectSchema = object(
  'PreferLocalZone',
  'Sends requests to endpoints in the zone of the Envoy. For RoundRobin, LeastRequest and Random.',
  {
    force: optional(
      object('ForceLocalZone', 'Sends all of them there, however many endpoints other zones have.', {
        minEndpointsInZoneThreshold: optional(
          threshold,
          'With fewer healthy endpoints in its zone than this, an Envoy uses those of all zones; 1 when left out.',
        ),
      }),
      'Sends all of them there. It must be set: Envoys do not know where the others are, and cannot share requests out among zones.',
    ),
    minEndpointsThreshold: optional(
      threshold,
      'With fewer healthy endpoints in all zones together than this, zones do not count; 6 when left out.',
    ),
    percentageEnabled: optional(
      int32({ minimum: 0, maximum: 100 }),
      'The share of the requests, in percent, for which zones count; 100 when left out.',
    ),
  },
)

const zoneAware: ObjectSchema = object('ZoneAware', 'Looks at the zones of endpoints.', {
  preferLocal: optional(preferLocal, 'Sends requests to endpoints in the zone of the Envoy; not together with `weightedZones`.'),
  weightedZones: optional(
    list(
      object('WeightedZone', 'The weight of a zone.', {
        zone: required(string({ minLength: 1, maxLength: 63 }), 'The zone.'),
        weight: required(int32({ minimum: 0, maximum: 1_000_000 }), 'Its share, relative to the other zones.'),
      }),
      { minItems: 1, maxItems: 32 },
    ),
    'Shares of zones, however many endpoints they have; a zone that is not named has the weight 1.',
  ),
})

const TYPES = ['LeastRequest', 'RoundRobin', 'Random', 'ConsistentHash', 'BackendUtilization'] as const

/** How an endpoint is chosen. */
export const loadBalancer: ObjectSchema = object(
  'BackendLoadBalancer',
  'How an endpoint is chosen.',
  {
    type: required(oneOf(TYPES, { name: 'LoadBalancerType' }), 'The way to choose.'),
    consistentHash: optional(consistentHash, 'What decides, for `ConsistentHash`.'),
    backendUtilization: optional(backendUtilization, 'How reports count, for `BackendUtilization`.'),
    endpointOverride: optional(
      object('EndpointOverride', 'Lets requests name the endpoint that they go to; others go where the type says.', {
        extractFrom: required(
          list(
            object('EndpointOverrideSource', 'Where the address of the endpoint stands.', {
              header: required(headerName, 'A request header with `address:port`; several addresses with commas are tried in turn.'),
            }),
            { minItems: 1, maxItems: 8 },
          ),
          'Where the address of the endpoint stands; the first that has one counts.',
        ),
      }),
      'Lets requests name the endpoint that they go to.',
    ),
    slowStart: optional(
      object('SlowStart', 'Gives new endpoints their share little by little.', {
        window: required(duration, 'After which time an endpoint has its full share.'),
      }),
      'Gives new endpoints their share little by little; with `LeastRequest` and `RoundRobin`.',
    ),
    zoneAware: optional(zoneAware, 'Looks at the zones of endpoints.'),
  },
  {
    rules: [
      rule<LoadBalancer>(
        'consistent-hash-has-settings',
        "(self.type == 'ConsistentHash') == has(self.consistentHash)",
        'set consistentHash exactly when type is ConsistentHash',
        (self) => (self.type === 'ConsistentHash') === (self.consistentHash !== undefined),
      ),
      rule<LoadBalancer>(
        'backend-utilization-has-its-type',
        "!has(self.backendUtilization) || self.type == 'BackendUtilization'",
        'backendUtilization goes with its type alone',
        (self) => self.backendUtilization === undefined || self.type === 'BackendUtilization',
      ),
      rule<LoadBalancer>(
        'slow-start-has-a-fitting-type',
        "!has(self.slowStart) || self.type in ['LeastRequest', 'RoundRobin']",
        'slowStart goes with LeastRequest and RoundRobin',
        (self) => self.slowStart === undefined || self.type === 'LeastRequest' || self.type === 'RoundRobin',
      ),
    ],
  },
)
