/** Attributes of OpenTelemetry's semantic conventions (1.40, HTTP spans) in the words of Envoy's access log operators. */

const FORMATS: ReadonlyMap<string, string> = new Map([
  ['client.address', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'],
  ['client.port', '%DOWNSTREAM_REMOTE_PORT%'],
  ['error.type', '%RESPONSE_FLAGS%'],
  ['http.request.body.size', '%BYTES_RECEIVED%'],
  ['http.request.method', '%REQ(:METHOD)%'],
  ['http.response.body.size', '%BYTES_SENT%'],
  ['http.response.status_code', '%RESPONSE_CODE%'],
  ['http.route', '%ROUTE_NAME%'],
  ['network.local.address', '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%'],
  ['network.local.port', '%DOWNSTREAM_LOCAL_PORT%'],
  ['network.peer.address', '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%'],
  ['rpc.grpc.status_code', '%GRPC_STATUS_NUMBER%'],
  ['server.address', '%REQ(:AUTHORITY)%'],
  ['tls.cipher', '%DOWNSTREAM_TLS_CIPHER%'],
  ['tls.client.server_name', '%REQUESTED_SERVER_NAME%'],
  ['tls.client.subject', '%DOWNSTREAM_PEER_SUBJECT%'],
  ['tls.protocol.version', '%DOWNSTREAM_TLS_VERSION%'],
  ['url.path', '%PATH(NQ)%'],
  ['url.scheme', '%REQ(:SCHEME)%'],
  ['user_agent.original', '%REQ(USER-AGENT)%'],
])

/** Headers by name, as the conventions write them. */
const HEADER = /^http\.(request|response)\.header\.([a-z0-9_.-]+)$/

/** The operator that yields an attribute; undefined for one that Envoy does not know. */
export function attributeFormat(key: string): string | undefined {
  const [, of, header] = HEADER.exec(key) ?? []
  if (header !== undefined) return `%${of === 'request' ? 'REQ' : 'RESP'}(${header})%`
  return FORMATS.get(key)
}
