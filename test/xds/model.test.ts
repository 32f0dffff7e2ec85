/** Random clients against a naive model: what a client holds in the end, and what it must never be sent. */
import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { RejectedVersions } from '../../src/xds/rejected-versions.js'
import { type EncodedResource, TYPE_URL, type TypeUrl } from '../../src/xds/resource.js'
import { DEFAULT_BOUNDS } from '../../src/xds/server/bounds.js'
import { Bridges } from '../../src/xds/server/extension-order.js'
import { FULL_STATE } from '../../src/xds/server/push-order.js'
import type { DiscoveryRequest } from '../../src/xds/server/requests.js'
import { type Outgoing, Session } from '../../src/xds/server/session.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'
import { cluster, drop, endpoints, listener, put, routes } from './support/resources.js'

const NAMES = ['a', 'b', 'c', 'd', 'e']
const GROUP = 'g'
const RUNS = process.env.LONG === '1' ? 2_000 : 150

/** What the real server has: it outlives the sessions. */
class Real {
  readonly cache = new SnapshotCache()
  readonly rejected = new RejectedVersions()
  session: Session | undefined
  now = 0

  constructor() {
    this.cache.markComplete()
    this.cache.listen(GROUP, { changed: (changes, revision) => this.session?.changed(changes, revision), complete: () => {} })
  }

  connect(protocol: 'delta' | 'sotw'): Session {
    this.session = new Session({
      protocol,
      group: GROUP,
      cache: this.cache,
      rejected: this.rejected,
      bounds: DEFAULT_BOUNDS,
      silentClusters: new WeakMap(),
      bridges: new Bridges(),
      events: {
        acknowledged: () => {},
        rejected: (_type, _flight, { text: message }, culprits) => {
          for (const { resource } of culprits) this.rejected.add({ ...resource, message, suspects: [], at: '' })
        },
      },
    })
    return this.session
  }
}

/** The client: one type, what it asked for, and what it holds. */
class Model {
  readonly typeUrl: TypeUrl
  readonly make: (name: string, content: number) => EncodedResource
  isConnected = false
  isWildcard = false
  names = new Set<string>()
  /** What the client runs. */
  view = new Map<string, string>()
  /** What came and was not answered. */
  inbox: Outgoing[] = []
  /** The last thing sent of each name on this stream, to find repetitions; `undefined` is a removal. */
  sent = new Map<string, string | undefined>()
  /** Names that the client asked for since. */
  asked = new Set<string>()

  constructor(typeUrl: TypeUrl, make: (name: string, content: number) => EncodedResource) {
    this.typeUrl = typeUrl
    this.make = make
  }

  covers(name: string): boolean {
    return this.isWildcard || this.names.has(name)
  }
}

type Command = fc.Command<Model, Real>

const request = (model: Model, fields: Partial<Extract<DiscoveryRequest, { protocol: 'delta' }>>): DiscoveryRequest => ({
  protocol: 'delta',
  typeUrl: model.typeUrl,
  nonce: '',
  rejection: undefined,
  node: undefined,
  subscribe: [],
  unsubscribe: [],
  initialVersions: new Map(),
  ...fields,
})

/** Takes everything that the server wants to send, and checks that each response is one that it may send. */
function receive(model: Model, real: Real): void {
  for (let rounds = 0; ; rounds++) {
    const outgoing = real.session?.next(real.now)
    if (outgoing === undefined) return
    expect(rounds).toBeLessThan(100)
    const names = [...outgoing.resources.map(({ name }) => name), ...outgoing.removed]
    expect(new Set(names).size).toBe(names.length)
    for (const { name, version, typeUrl } of outgoing.resources) {
      expect(typeUrl).toBe(model.typeUrl)
      expect(model.covers(name)).toBe(true)
      if (!model.asked.has(name) && model.sent.has(name)) expect(version).not.toBe(model.sent.get(name))
      if (!model.asked.has(name)) expect(real.rejected.has({ typeUrl, name, version })).toBe(false)
      model.sent.set(name, version)
    }
    for (const name of outgoing.removed) {
      if (!model.asked.has(name)) expect(model.sent.get(name) ?? model.view.get(name)).toBeDefined()
      model.sent.set(name, undefined)
    }
    for (const name of names) model.asked.delete(name)
    model.inbox.push(outgoing)
  }
}

function accept(model: Model, real: Real): void {
  const response = model.inbox.shift()
  if (response === undefined) return
  for (const { name, version } of response.resources) if (model.covers(name)) model.view.set(name, version)
  for (const name of response.removed) model.view.delete(name)
  real.session?.request(request(model, { nonce: response.nonce }), real.now)
}

class Apply implements Command {
  readonly changes: readonly { readonly name: string; readonly content: number }[]
  constructor(changes: readonly { readonly name: string; readonly content: number }[]) {
    this.changes = changes
  }
  check = () => true
  run(model: Model, real: Real): void {
    real.cache.apply(
      GROUP,
      this.changes.map(({ name, content }) => (content === 0 ? drop({ typeUrl: model.typeUrl, name }) : put(model.make(name, content)))),
    )
    receive(model, real)
  }
  toString = () => `apply ${this.changes.map(({ name, content }) => `${name}=${content}`).join(' ')}`
}

class Subscribe implements Command {
  readonly names: readonly string[]
  constructor(names: readonly string[]) {
    this.names = names
  }
  check = (model: Model) => model.isConnected
  run(model: Model, real: Real): void {
    for (const name of this.names) {
      if (name === '*') {
        for (const each of NAMES) model.asked.add(each)
        model.isWildcard = true
      } else {
        model.asked.add(name)
        model.names.add(name)
      }
    }
    real.session?.request(request(model, { subscribe: this.names }), real.now)
    receive(model, real)
  }
  toString = () => `subscribe ${this.names.join(' ')}`
}

class Unsubscribe implements Command {
  readonly names: readonly string[]
  constructor(names: readonly string[]) {
    this.names = names
  }
  check = (model: Model) => model.isConnected
  run(model: Model, real: Real): void {
    for (const name of this.names) {
      if (name === '*') model.isWildcard = false
      else if (model.names.delete(name)) model.asked.add(name)
    }
    for (const name of NAMES) {
      if (model.covers(name)) continue
      model.view.delete(name)
      model.sent.delete(name)
      model.asked.delete(name)
    }
    real.session?.request(request(model, { unsubscribe: this.names }), real.now)
    receive(model, real)
  }
  toString = () => `unsubscribe ${this.names.join(' ')}`
}

class Accept implements Command {
  check = (model: Model) => model.inbox.length > 0
  run(model: Model, real: Real): void {
    accept(model, real)
    receive(model, real)
  }
  toString = () => 'accept'
}

class Reject implements Command {
  readonly isNamed: boolean
  constructor(isNamed: boolean) {
    this.isNamed = isNamed
  }
  check = (model: Model) => model.inbox.length > 0
  run(model: Model, real: Real): void {
    const response = model.inbox.shift()
    if (response === undefined) return
    const message = this.isNamed ? `bad ${response.resources[0]?.name ?? ''}: no` : 'no'
    // It was not taken over, so it may come again, except for the culprit.
    for (const { name } of response.resources) model.sent.delete(name)
    for (const name of response.removed) model.view.delete(name)
    real.session?.request(request(model, { nonce: response.nonce, rejection: { message } }), real.now)
    receive(model, real)
  }
  toString = () => (this.isNamed ? 'reject by name' : 'reject')
}

class Reconnect implements Command {
  check = () => true
  run(model: Model, real: Real): void {
    real.connect('delta')
    model.isConnected = true
    model.inbox = []
    model.sent = new Map(model.view)
    model.asked = new Set([...model.names].filter((name) => !model.view.has(name)))
    const subscribe = [...model.names, ...(model.isWildcard || model.names.size === 0 ? ['*'] : [])]
    model.isWildcard = subscribe.includes('*')
    real.session?.request(request(model, { subscribe, initialVersions: new Map(model.view) }), real.now)
    receive(model, real)
  }
  toString = () => 'reconnect'
}

class TimePasses implements Command {
  check = () => true
  run(model: Model, real: Real): void {
    real.now += DEFAULT_BOUNDS.silenceMs + 1
    real.session?.expire(real.now)
    receive(model, real)
  }
  toString = () => 'time passes'
}

const someNames = fc.uniqueArray(fc.constantFrom(...NAMES, '*'), { minLength: 1, maxLength: 3 })
const someChanges = fc.uniqueArray(fc.record({ name: fc.constantFrom(...NAMES), content: fc.integer({ min: 0, max: 3 }) }), {
  minLength: 1,
  maxLength: 4,
  selector: ({ name }) => name,
})
const COMMANDS = [
  someChanges.map((changes) => new Apply(changes)),
  someNames.map((names) => new Subscribe(names)),
  someNames.map((names) => new Unsubscribe(names)),
  fc.constant(new Accept()),
  fc.constant(new Accept()),
  fc.boolean().map((isNamed) => new Reject(isNamed)),
  fc.constant(new Reconnect()),
  fc.constant(new TimePasses()),
]

describe('a delta client that does what it likes', () => {
  it.each([
    { what: 'listeners', typeUrl: TYPE_URL.listener, make: (name: string, content: number) => listener(name, { content }) },
    {
      what: 'route configurations',
      typeUrl: TYPE_URL.routeConfiguration,
      make: (name: string, content: number) => routes(name, ['x'.repeat(content)]),
    },
  ])('holds in the end what it asked for, was sent nothing twice and nothing that it had: $what', ({ typeUrl, make }) => {
    fc.assert(
      fc.property(fc.commands(COMMANDS, { maxCommands: 60 }), (commands) => {
        const real = new Real()
        const model = new Model(typeUrl, make)
        fc.modelRun(() => ({ model, real }), [new Reconnect(), ...commands])
        for (let rounds = 0; model.inbox.length > 0; rounds++) {
          expect(rounds).toBeLessThan(100)
          accept(model, real)
          receive(model, real)
        }
        const catalog = real.cache.resources(GROUP, typeUrl)
        for (const name of NAMES.filter((each) => model.covers(each))) {
          const wanted = catalog.get(name)
          if (wanted === undefined) expect(model.view.get(name)).toBeUndefined()
          else if (!real.rejected.has(wanted)) expect(model.view.get(name)).toBe(wanted.version)
        }
      }),
      { numRuns: RUNS },
    )
  })
})

describe('make before break', () => {
  const rounds = fc.array(
    fc.record({
      routes: fc.dictionary(fc.constantFrom('r', 's'), fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 3 })),
      extra: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 2 }),
      content: fc.integer({ min: 1, max: 2 }),
      answers: fc.integer({ min: 0, max: 4 }),
    }),
    { minLength: 1, maxLength: 12 },
  )

  it('whatever changes, no route that the client runs names a cluster that it does not have, with endpoints', () => {
    fc.assert(
      fc.property(rounds, (script) => {
        const real = new Real()
        const session = real.connect('delta')
        const client = new RoutingClient(session)
        for (const round of script) {
          const clusters = new Set([...Object.values(round.routes).flat(), ...round.extra])
          const wanted = [
            ...Object.entries(round.routes).map(([name, to]) => routes(name, to)),
            ...[...clusters].flatMap((name) => [cluster(name, { eds: true, content: round.content }), endpoints(name, round.content)]),
          ]
          real.cache.apply(GROUP, changesTo(real, wanted))
          for (let answered = 0; answered < round.answers; answered++) client.step()
        }
        while (client.step()) expect(client.steps).toBeLessThan(2_000)
        for (const type of [TYPE_URL.cluster, TYPE_URL.routeConfiguration]) {
          const catalog = real.cache.resources(GROUP, type)
          const wanted = [...catalog.values()].filter(({ name }) => type === TYPE_URL.cluster || ['r', 's'].includes(name))
          expect([...client.held(type).values()].map(({ name, version }) => `${name} ${version}`).sort()).toEqual(
            wanted.map(({ name, version }) => `${name} ${version}`).sort(),
          )
        }
      }),
      { numRuns: RUNS },
    )
  })
})

/** Accepts everything, asks for the endpoints of its clusters like Envoy, and checks its routes after each response. */
class RoutingClient {
  steps = 0
  readonly #session: Session
  readonly #held = new Map<TypeUrl, Map<string, EncodedResource>>()
  readonly #inbox: Outgoing[] = []

  constructor(session: Session) {
    this.#session = session
    this.#ask(TYPE_URL.cluster, { subscribe: ['*'] })
    this.#ask(TYPE_URL.routeConfiguration, { subscribe: ['r', 's'] })
  }

  held(typeUrl: TypeUrl): Map<string, EncodedResource> {
    const held = this.#held.get(typeUrl) ?? new Map<string, EncodedResource>()
    this.#held.set(typeUrl, held)
    return held
  }

  /** Takes and accepts one response. Returns false when there is none. */
  step(): boolean {
    this.steps += 1
    for (let next = this.#session.next(0); next !== undefined; next = this.#session.next(0)) this.#inbox.push(next)
    const response = this.#inbox.shift()
    if (response === undefined) return false
    const held = this.held(response.typeUrl)
    for (const resource of response.resources) {
      if (response.typeUrl === TYPE_URL.cluster && !held.has(resource.name)) {
        this.#ask(TYPE_URL.clusterLoadAssignment, { subscribe: [resource.name] })
      }
      held.set(resource.name, resource)
    }
    for (const name of response.removed) {
      held.delete(name)
      if (response.typeUrl !== TYPE_URL.cluster) continue
      this.#ask(TYPE_URL.clusterLoadAssignment, { unsubscribe: [name] })
      this.held(TYPE_URL.clusterLoadAssignment).delete(name)
    }
    for (const { references } of this.held(TYPE_URL.routeConfiguration).values()) {
      for (const { name } of references) {
        expect([...this.held(TYPE_URL.cluster).keys()]).toContain(name)
        expect([...this.held(TYPE_URL.clusterLoadAssignment).keys()]).toContain(name)
      }
    }
    this.#ask(response.typeUrl, { nonce: response.nonce })
    return true
  }

  #ask(typeUrl: TypeUrl, fields: { subscribe?: string[]; unsubscribe?: string[]; nonce?: string }): void {
    this.#session.request(
      {
        protocol: 'delta',
        typeUrl,
        nonce: '',
        rejection: undefined,
        node: undefined,
        subscribe: [],
        unsubscribe: [],
        initialVersions: new Map(),
        ...fields,
      },
      0,
    )
  }
}

function changesTo(real: Real, wanted: readonly EncodedResource[]) {
  const keep = new Set(wanted.map(({ typeUrl, name }) => `${typeUrl} ${name}`))
  const gone = [TYPE_URL.cluster, TYPE_URL.clusterLoadAssignment, TYPE_URL.routeConfiguration].flatMap((typeUrl) =>
    [...real.cache.resources(GROUP, typeUrl).values()].filter(({ name }) => !keep.has(`${typeUrl} ${name}`)),
  )
  return [...wanted.map(put), ...gone.map(drop)]
}

describe('a state-of-the-world client that does what it likes', () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant('apply' as const), changes: someChanges }),
      fc.record({ kind: fc.constant('names' as const), names: fc.uniqueArray(fc.constantFrom(...NAMES), { maxLength: 4 }) }),
      fc.record({ kind: fc.constant('answer' as const), isAccepted: fc.boolean() }),
    ),
    { maxLength: 50 },
  )

  it.each([
    { what: 'listeners, full state', typeUrl: TYPE_URL.listener, make: (name: string, content: number) => listener(name, { content }) },
    {
      what: 'route configurations',
      typeUrl: TYPE_URL.routeConfiguration,
      make: (name: string, content: number) => routes(name, ['x'.repeat(content)]),
    },
  ])('holds in the end what it asked for, and gets no response when nothing changed: $what', ({ typeUrl, make }) => {
    fc.assert(
      fc.property(steps, (script) => {
        const real = new Real()
        const session = real.connect('sotw')
        let names: readonly string[] = ['a']
        let nonce = ''
        let view = new Map<string, string>()
        const inbox: { nonce: string; content: Map<string, string> }[] = []
        const send = (rejection?: { message: string }) =>
          session.request({ protocol: 'sotw', typeUrl, nonce, rejection, node: undefined, names }, 0)
        const receive = () => {
          for (let next = session.next(0); next !== undefined; next = session.next(0)) {
            const resources = FULL_STATE.has(typeUrl) ? session.effective(typeUrl) : next.resources
            if (!FULL_STATE.has(typeUrl)) expect(resources.length).toBeGreaterThan(0)
            inbox.push({ nonce: next.nonce, content: new Map(resources.map(({ name, version }) => [name, version])) })
          }
        }
        const answer = (isAccepted: boolean) => {
          const response = inbox.shift()
          if (response === undefined) return
          nonce = response.nonce
          // What is missing in a full state is deleted even if the rest is rejected, as Envoy does.
          if (!isAccepted && FULL_STATE.has(typeUrl)) view = new Map([...view].filter(([name]) => response.content.has(name)))
          if (isAccepted) view = FULL_STATE.has(typeUrl) ? response.content : new Map([...view, ...response.content])
          send(isAccepted ? undefined : { message: 'no' })
          receive()
        }
        send()
        receive()
        for (const step of script) {
          if (step.kind === 'apply') {
            real.cache.apply(
              GROUP,
              step.changes.map(({ name, content }) => (content === 0 ? drop({ typeUrl, name }) : put(make(name, content)))),
            )
            receive()
          } else if (step.kind === 'names') {
            while (inbox.length > 0) answer(true) // the newest nonce is needed for new names to count
            for (const name of names) if (!step.names.includes(name)) view.delete(name)
            names = step.names
            send()
            receive()
          } else answer(step.isAccepted)
        }
        while (inbox.length > 0) answer(true)
        const catalog = real.cache.resources(GROUP, typeUrl)
        for (const name of names) {
          const wanted = catalog.get(name)
          if (wanted !== undefined && !real.rejected.has(wanted)) expect(view.get(name)).toBe(wanted.version)
          if (wanted === undefined && FULL_STATE.has(typeUrl)) expect(view.has(name)).toBe(false)
        }
        send()
        expect(session.next(0)).toBeUndefined()
      }),
      { numRuns: RUNS },
    )
  })
})
