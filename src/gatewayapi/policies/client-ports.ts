/**
 * How clients of a port are treated: what holds for the port, for the chain that its plain HTTP listeners share, and for each listener with
 * a chain of its own.
 */
import type { ClientTrafficSettings } from '../../gen/kinds.js'
import type { Collection, Graph } from '../../incremental/index.js'
import type { ClientSettings, SocketSettings } from '../../ir/client.js'
import { DEFAULT_CLIENT_SETTINGS } from '../../ir/defaults.js'
import { deepEqual } from '../../util/deep-equal.js'
import { describeObject, type ObjectVersion } from '../../util/object-ref.js'
import type { Problem } from '../conditions.js'
import type { DeclaredListener, ListenerDeclarations } from '../listeners/listeners.js'
import type { ListenerKey } from '../model.js'
import { CLIENT_TRAFFIC_POLICY, isPortSetting, isSecuritySetting } from './client-kind.js'
import type { ClientPolicies, ListenerPolicies } from './client-policies.js'
import { clientSettings, socketSettings } from './client-settings.js'
import { isWeaker } from './client-strictness.js'
import { type ListenerLoss, type Shared, shareSettings, type Wish } from './shared-settings.js'

type Settings = ClientTrafficSettings

/** Why a listener serves nobody, and the policies that are to blame. */
export interface Closed extends Problem {
  readonly gateway: ObjectVersion
  readonly policies: readonly ObjectVersion[]
}

/** How clients of a port are treated. */
export interface ClientPort {
  readonly socket: SocketSettings
  /** Of the plain HTTP listeners together. */
  readonly plain: ClientSettings
  /** Of the others, where somebody says something. */
  readonly own: ReadonlyMap<ListenerKey, ClientSettings>
  /** Listeners that must not serve: what is to keep somebody out there cannot be had. */
  readonly closed: ReadonlyMap<ListenerKey, Closed>
  readonly losses: readonly ListenerLoss[]
  /** The policies that say something that counts. */
  readonly origins: readonly ObjectVersion[]
}

/** Declares how clients of ports are treated, by `DeclaredListener.portWord`. Ports without policies have no value. */
export function declareClientPorts(
  graph: Graph,
  { byPort, conflicts }: Pick<ListenerDeclarations, 'byPort' | 'conflicts'>,
  { ofListeners }: ClientPolicies,
): Collection<ClientPort> {
  return graph.collection<ClientPort>('ClientTrafficPolicy: ports', {
    keys: byPort,
    compute: (view, word) => {
      const conflicted = view.get(conflicts, word)
      const listeners = view
        .list(byPort, word)
        .filter(({ key, protocol, refused }) => protocol !== undefined && refused === undefined && conflicted?.has(key) !== true)
      const found = listeners.map((listener) => ({ listener, policies: view.get(ofListeners, listener.key) }))
      return found.some(({ policies }) => policies !== undefined) ? clientPort(found) : undefined
    },
  })
}

interface Found {
  readonly listener: DeclaredListener
  readonly policies: ListenerPolicies | undefined
}

function clientPort(found: readonly Found[]): ClientPort | undefined {
  const [first, ...others] = found
  if (first === undefined) return undefined
  const ofPort = share([first, ...others], isPortSetting)
  const [plain, ...morePlain] = found.filter(({ listener }) => listener.protocol === 'HTTP')
  const ofPlain = plain && share([plain, ...morePlain], (path) => !isPortSetting(path) && !isTls(path))
  const plainHost = onlyHost([plain, ...morePlain].flatMap((each) => each?.listener.hostname ?? ['*']))
  const socket = { ...socketSettings(ofPort.settings), ...fingerprintsOf(found) }
  const settings = clientSettings(ofPlain?.settings ?? {}, plainHost)
  const own = found.flatMap(({ listener, policies }): (readonly [ListenerKey, ClientSettings])[] => {
    if (listener.protocol === 'HTTP' || policies?.effective === undefined) return []
    const client = clientSettings(policies.effective.settings, onlyHost([listener.hostname ?? '*']))
    return deepEqual(client, DEFAULT_CLIENT_SETTINGS) ? [] : [[listener.key, client]]
  })
  const losses = [...ofPort.losses, ...(ofPlain?.losses ?? [])].filter(({ field }) => field !== 'tls.fingerprints')
  return {
    socket,
    plain: settings,
    own: new Map(own),
    closed: closedOf(found, { ofPort, ofPlain, socket, plain: settings, losses }),
    losses,
    origins: [...new Set([...ofPort.origins, ...(ofPlain?.origins ?? []), ...found.flatMap(({ policies }) => ownOrigins(policies))])],
  }
}

function share(found: readonly [Found, ...Found[]], isAbout: (path: string) => boolean): Shared<Settings> {
  const wish = ({ listener, policies }: Found): Wish<Settings> => ({
    listener: listener.key,
    rank: listener.rank,
    parent: listener.parent,
    gateway: listener.gateway,
    whole: policies?.whole,
    effective: policies?.effective,
  })
  const [first, ...others] = found
  return shareSettings([wish(first), ...others.map(wish)], CLIENT_TRAFFIC_POLICY.atoms, isAbout)
}

interface Decided {
  readonly ofPort: Shared<Settings>
  readonly ofPlain: Shared<Settings> | undefined
  readonly socket: SocketSettings
  readonly plain: ClientSettings
  readonly losses: readonly ListenerLoss[]
}

/** Listeners whose policies keep somebody out in a way that cannot be had there. Others are served, with the settings that they get. */
function closedOf(found: readonly Found[], decided: Decided): ReadonlyMap<ListenerKey, Closed> {
  const closed = new Map<ListenerKey, Closed>()
  for (const { listener, policies } of found) {
    const problem =
      policies?.broken === undefined
        ? sharedProblem(listener, policies, decided)
        : { reason: 'Invalid', message: brokenMessage(policies.broken), policies: [], gateway: listener.gateway }
    if (problem !== undefined) closed.set(listener.key, problem)
  }
  return closed
}

function sharedProblem(listener: DeclaredListener, policies: ListenerPolicies | undefined, decided: Decided): Closed | undefined {
  const isPlain = listener.protocol === 'HTTP'
  const wanted = policies?.effective?.settings ?? {}
  const places = [decided.ofPort, ...(isPlain && decided.ofPlain !== undefined ? [decided.ofPlain] : [])]
  const lost = decided.losses.filter((loss) => loss.listener === listener.key && isSecuritySetting(loss.field))
  // A Gateway may decide for its ListenerSets, one ListenerSet or Gateway not for another.
  const isForeign = places.some(({ decider }) => decider.rank !== listener.rank && !isOf(decider, listener))
  if (lost.length === 0 && !isForeign) return undefined
  const weaker =
    isWeaker({ ...clientSettings(wanted, undefined) }, isPlain ? decided.plain : clientSettings(wanted, undefined)) ||
    socketSettings(wanted).proxyProtocol !== decided.socket.proxyProtocol
  if (!weaker) return undefined
  const fields = [...new Set(lost.map(({ field }) => field))].join(', ')
  const what = fields === '' ? 'what others say about it would weaken this one' : `${fields} cannot be had beside them`
  const message = `The listener "${listener.spec.name}" serves nobody. It shares port ${listener.spec.port} with others: ${what}. Use another port, or agree.`
  return { reason: 'Conflicted', message, policies: lost.map(({ loser }) => loser), gateway: listener.gateway }
}

/** True if the object that decides is the Gateway of a listener. */
function isOf({ parent }: Wish<Settings>, { gateway }: DeclaredListener): boolean {
  return parent.kind === 'Gateway' && parent.namespace === gateway.namespace && parent.name === gateway.name
}

function brokenMessage(policy: ObjectVersion): string {
  return `${describeObject(policy)} cannot be used, and it says who may connect: its status says why.`
}

/** Taking a fingerprint changes nothing for anybody else. */
function fingerprintsOf(found: readonly Found[]): Pick<SocketSettings, 'fingerprints'> {
  const all = new Set(found.flatMap(({ policies }) => policies?.effective?.settings.tls?.fingerprints ?? []))
  return all.size === 0 ? {} : { fingerprints: [...all].sort() }
}

/** Policies that say something about a listener: those that say what it does not get are harmless among them. */
function ownOrigins(policies: ListenerPolicies | undefined): readonly ObjectVersion[] {
  return Object.values(policies?.effective?.origins ?? {})
}

function isTls(path: string): boolean {
  return path === 'tls' || path.startsWith('tls.')
}

/** The host, where it is one and the same. */
function onlyHost(hosts: readonly string[]): string | undefined {
  const [host, ...others] = new Set(hosts)
  return host === undefined || others.length > 0 || host.startsWith('*') ? undefined : host
}
