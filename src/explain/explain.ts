/**
 * What becomes of a request, and why, by the configuration that proxies get: which listener, filter chain, host and route, what each route
 * before it lacked, and what the route does. It follows the rules of Envoy, not ours, so it is right about the translation whatever that does.
 */
import { isIP } from 'node:net'
import type { envoy } from '../gen/envoy/types.js'
import type { Any, MessageName } from '../xds/message.js'
import { addressText } from './backends.js'
import { type ConfigurationSource, GroupConfiguration } from './configuration.js'
import { explainHttp } from './explain-http.js'
import type { Explanation, Outcome } from './explanation.js'
import { asksForSource, chooseFilterChain, serverNamesOf } from './filter-chain.js'
import { addressesOf, gatewaysOf, listenersFor } from './listeners.js'
import type { Question } from './question.js'
import { connectionOutcomes, datagramOutcomes } from './stream-outcomes.js'
import { isOf, unpack } from './unpack.js'

type FilterChain = envoy.config.listener.v3.FilterChain
type Listener = envoy.config.listener.v3.Listener

const MANAGER = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const UDP_PROXY = 'envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig'
const TCP_PROXY = 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy'

const PROXY_PROTOCOL = 'envoy.extensions.filters.listener.proxy_protocol.v3.ProxyProtocol'
const TLS = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'

/** One explanation for each listener of a group of proxies that may be meant. */
export function explain(source: ConfigurationSource, group: string, question: Question): readonly Explanation[] {
  const configuration = new GroupConfiguration(source, group)
  return listenersFor(configuration, question).map(({ resource, listener }) => ({
    group,
    listener: resource.name,
    gateways: gatewaysOf(resource),
    addresses: addressesOf(listener).map(addressText),
    ...explainListener(configuration, listener, question),
  }))
}

type ListenerPart = Omit<Explanation, 'group' | 'listener' | 'gateways' | 'addresses'>

function explainListener(configuration: GroupConfiguration, listener: Listener, question: Question): ListenerPart {
  const ofDatagrams = configurationOf(listener.listenerFilters, UDP_PROXY)
  if (ofDatagrams === undefined) return explainConnection(configuration, listener, question)
  const outcomes = datagramOutcomes(configuration, unpack(UDP_PROXY, ofDatagrams))
  return { filterChain: undefined, ...NOTHING_SEEN, notes: [], outcomes }
}

function explainConnection(configuration: GroupConfiguration, listener: Listener, question: Question): ListenerPart {
  const isTls = question.scheme === 'https' || question.scheme === 'tls'
  // Clients name no server by an address (RFC 6066 §3).
  const serverName = isTls && isIP(question.host) === 0 ? question.host.toLowerCase() : ''
  const chain = chooseFilterChain(listener, { isTls, serverName, from: question.from })
  const part = { filterChain: chain?.name, ...NOTHING_SEEN, notes: notesAbout(listener, chain, question) }
  if (chain === undefined) return { ...part, outcomes: [closed(noChain(listener, isTls, serverName))] }
  const manager = configurationOf(chain.filters, MANAGER)
  if (manager !== undefined) {
    const problem = cannotSpeak(chain, question, isTls)
    if (problem !== undefined) return { ...part, outcomes: [problem] }
    return { ...part, ...explainHttp(configuration, unpack(MANAGER, manager), question) }
  }
  const proxy = configurationOf(chain.filters, TCP_PROXY)
  if (proxy === undefined) return { ...part, notes: [...part.notes, 'This listener does nothing that can be explained.'], outcomes: [] }
  const isDenied = chain.name?.endsWith(DENIED) === true
  const outcomes = isDenied
    ? [closed('clients of this address may not connect')]
    : connectionOutcomes(configuration, unpack(TCP_PROXY, proxy))
  return { ...part, outcomes }
}

/** What a filter of this type is told; undefined where there is none. */
function configurationOf(filters: readonly { readonly typedConfig?: Any }[] = [], type: MessageName): Any | undefined {
  return filters.find(({ typedConfig }) => isOf(typedConfig, type))?.typedConfig
}

/** What a client must bring beside its request. */
function notesAbout(listener: Listener, chain: FilterChain | undefined, { from }: Question): readonly string[] {
  const announced = configurationOf(listener.listenerFilters, PROXY_PROTOCOL)
  const isRequired = announced !== undefined && unpack(PROXY_PROTOCOL, announced).allowRequestsWithoutProxyProtocol !== true
  const tls = chain?.transportSocket?.typedConfig
  const asksForCertificate = isOf(tls, TLS) && unpack(TLS, tls).requireClientCertificate?.value === true
  return [
    ...(asksForSource(listener) && from === undefined ? ['Who may connect depends on the address of the client: say it by --from.'] : []),
    ...(isRequired ? ['Connections that do not begin with the PROXY protocol are closed.'] : []),
    ...(asksForCertificate ? ['Clients that show no certificate, or none that is taken, do not get so far.'] : []),
  ]
}

/** How the name of a chain ends that is there for clients that may not connect: docs/reference/names.md. */
const DENIED = '/denied'

const NOTHING_SEEN = { seen: undefined, domain: undefined, coveringDomains: [], otherDomains: [], passedOver: [], behind: [] }

function closed(because: string): Outcome {
  return { share: 1, route: undefined, filters: [], does: 'close', because }
}

function noChain(listener: Listener, isTls: boolean, serverName: string): string {
  if (!isTls) return 'the port takes TLS only'
  const names = serverNamesOf(listener)
  if (names.length === 0) return 'the port takes no TLS'
  const who = serverName === '' ? 'a client that names no server (SNI)' : `the server name ${serverName}`
  return `no listener takes ${who}: there are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ` and ${names.length - 20} more` : ''}`
}

function cannotSpeak({ transportSocket }: FilterChain, { scheme }: Question, isTls: boolean): Outcome | undefined {
  if (scheme === 'tcp' || scheme === 'tls') return closed('the listener speaks HTTP: ask by http:// or https://')
  if (isTls && transportSocket === undefined) return closed('the port speaks plain HTTP, and the first bytes of TLS are none')
  if (!isTls && transportSocket !== undefined) return closed('the port takes TLS only')
  return undefined
}
