/** Which listeners of Envoy a request may be for. */
import type { envoy } from '../gen/envoy/types.js'
import { compareText } from '../util/compare-text.js'
import { objectKey } from '../util/object-ref.js'
import { decode } from '../xds/message.js'
import { type EncodedResource, TYPE_URL } from '../xds/resource.js'
import type { GroupConfiguration } from './configuration.js'
import type { Question } from './question.js'

type Listener = envoy.config.listener.v3.Listener

/** A listener, read. */
export interface FoundListener {
  readonly resource: EncodedResource
  readonly listener: Listener
}

/** `<owner>/<name>/<address>/<port>/<transport>`, with `@<bound port>` behind a listener that had to move: docs/reference/names.md. */
const LISTENER_NAME = /\/(\d+)\/(tcp|udp)(@\d+)?$/

/**
 * Listeners that take TCP, or datagrams where it is about these, on the port of the question, be it the one that the Gateway names or the one that
 * proxies have bound for it. Where the question is for an address that a listener has, only those.
 */
export function listenersFor(configuration: GroupConfiguration, { scheme, port, host, gateway }: Question): readonly FoundListener[] {
  const transport = scheme === 'udp' ? 'udp' : 'tcp'
  const found: { readonly place: FoundListener; readonly isAtAddress: boolean }[] = []
  for (const resource of configuration.all(TYPE_URL.listener)) {
    const named = LISTENER_NAME.exec(resource.name)
    if (named === null || named[2] !== transport || (gateway !== undefined && !gatewaysOf(resource).includes(gateway))) continue
    const listener = decode('envoy.config.listener.v3.Listener', resource.value)
    const bound = addressesOf(listener).filter((each) => each?.socketAddress?.portValue === port)
    if (Number(named[1]) !== port && bound.length === 0) continue
    found.push({ place: { resource, listener }, isAtAddress: bound.some((each) => each?.socketAddress?.address === host) })
  }
  const atAddress = found.filter(({ isAtAddress }) => isAtAddress)
  return (atAddress.length > 0 ? atAddress : found).map(({ place }) => place).sort((a, b) => compareText(a.resource.name, b.resource.name))
}

/** Where a listener listens. */
export function addressesOf({ address, additionalAddresses = [] }: Listener): readonly (envoy.config.core.v3.Address | undefined)[] {
  return [address, ...additionalAddresses.map((each) => each.address)]
}

/** `<namespace>/<name>` of the Gateways that a listener belongs to. */
export function gatewaysOf({ origins }: EncodedResource): readonly string[] {
  return origins.filter(({ kind }) => kind === 'Gateway').map(({ namespace, name }) => objectKey(namespace, name))
}
