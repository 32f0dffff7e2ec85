/** Who sends a request: the peer of the connection, unless something in front is trusted to name it. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy } from '../../../gen/envoy/types.js'
import type { ClientSettings, HeaderMutation } from '../../../ir/client.js'
import { any, bool } from '../../message.js'
import { cidrRange } from '../address-ranges.js'
import { earlyHeaderMutations } from '../client-header-mutations.js'

type HttpConnectionManager = envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
type Identity = Pick<
  HttpConnectionManager,
  | 'useRemoteAddress'
  | 'xffNumTrustedHops'
  | 'skipXffAppend'
  | 'originalIpDetectionExtensions'
  | 'generateRequestId'
  | 'preserveExternalRequestId'
  | 'forwardClientCertDetails'
  | 'setCurrentClientCertDetails'
  | 'earlyHeaderMutationExtensions'
>

const FORWARD = Enum['envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.ForwardClientCertDetails']

const FORWARD_MODES = {
  sanitize: FORWARD.SANITIZE,
  forwardOnly: FORWARD.FORWARD_ONLY,
  appendForward: FORWARD.APPEND_FORWARD,
  sanitizeSet: FORWARD.SANITIZE_SET,
  alwaysForwardOnly: FORWARD.ALWAYS_FORWARD_ONLY,
} as const satisfies Record<NonNullable<ClientSettings['forwardedClientCertificate']>['mode'], number>

/**
 * What Envoy removes by itself only where the client is the peer of the connection. No `internalAddressConfig` anywhere: then nobody is
 * internal, while an empty one would let every private network steer us by `x-envoy-…` headers.
 */
const OWN_HEADERS = [
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-external-address',
  'x-envoy-original-host',
  'x-envoy-original-path',
]

/** The fields of a connection manager that say who a client is. */
export function clientIdentity(client: ClientSettings): Identity {
  const early = [...hygiene(client), ...(client.earlyRequestHeaders ?? [])]
  return {
    ...address(client.address),
    ...requestId(client.requestId),
    ...forwardedCertificate(client.forwardedClientCertificate),
    ...(early.length === 0 ? {} : { earlyHeaderMutationExtensions: earlyHeaderMutations(early) }),
  }
}

function address(from: ClientSettings['address']): Identity {
  switch (from.from) {
    case 'connection':
      return {
        useRemoteAddress: bool(true),
        ...(from.trustedHops === 0 ? {} : { xffNumTrustedHops: from.trustedHops }),
        ...(from.append ? {} : { skipXffAppend: true }),
      }
    case 'trustedRanges':
      return {
        useRemoteAddress: bool(false),
        originalIpDetectionExtensions: [
          {
            name: 'envoy.http.original_ip_detection.xff',
            typedConfig: any('envoy.extensions.http.original_ip_detection.xff.v3.XffConfig', {
              xffTrustedCidrs: { cidrs: from.ranges.map(cidrRange) },
              skipXffAppend: bool(!from.append),
            }),
          },
        ],
      }
    case 'header':
      return {
        useRemoteAddress: bool(false),
        originalIpDetectionExtensions: [
          {
            name: 'envoy.http.original_ip_detection.custom_header',
            typedConfig: any('envoy.extensions.http.original_ip_detection.custom_header.v3.CustomHeaderConfig', {
              headerName: from.name,
              ...(from.required ? { rejectWithStatus: { code: Enum['envoy.type.v3.StatusCode'].Forbidden } } : {}),
            }),
          },
        ],
      }
  }
}

function requestId(action: ClientSettings['requestId']): Identity {
  switch (action) {
    case undefined:
      return {}
    case 'preserveOrGenerate':
      return { preserveExternalRequestId: true }
    case 'preserve':
      return { generateRequestId: bool(false), preserveExternalRequestId: true }
    case 'disable':
      return { generateRequestId: bool(false) }
  }
}

/** Headers that a client must not write for itself. */
function hygiene({ address, requestId }: ClientSettings): readonly HeaderMutation[] {
  const isPreserved = requestId === 'preserve' || requestId === 'preserveOrGenerate'
  const isDirect = address.from === 'connection'
  const names = [
    ...(isDirect ? [] : OWN_HEADERS),
    // Envoy writes a new one over that of a client where the client is the peer of the connection.
    ...(requestId === 'disable' || (!isDirect && !isPreserved) ? ['x-request-id'] : []),
  ]
  return names.map((name) => ({ do: 'remove', name }))
}

function forwardedCertificate(forwarded: ClientSettings['forwardedClientCertificate']): Identity {
  if (forwarded === undefined) return {}
  const { mode, details } = forwarded
  const says = (detail: (typeof details)[number]): boolean => details.includes(detail)
  return {
    forwardClientCertDetails: FORWARD_MODES[mode],
    ...(details.length === 0
      ? {}
      : {
          setCurrentClientCertDetails: {
            ...(says('subject') ? { subject: bool(true) } : {}),
            ...(says('cert') ? { cert: true } : {}),
            ...(says('chain') ? { chain: true } : {}),
            ...(says('dns') ? { dns: true } : {}),
            ...(says('uri') ? { uri: true } : {}),
          },
        }),
  }
}
