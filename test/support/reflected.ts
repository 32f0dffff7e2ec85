/** A reflector at a fake server, and what it hands over: the time and the faults are the test's. */
import { expect } from '@jest/globals'
import { KubeClient } from '../../src/k8s/kube-client.js'
import type { RawObject } from '../../src/k8s/kube-json.js'
import { silentLog } from '../../src/k8s/log.js'
import { Reflector, type ReflectorOptions } from '../../src/k8s/reflector.js'
import type { ReflectorState } from '../../src/k8s/reflector-state.js'
import { eventually } from './eventually.js'
import { FakeClock } from './fake-clock.js'
import { FakeKubeApi, type SeenRequest } from './fake-kube-api.js'

/** The collection that is reflected. */
export const ROUTES = '/apis/gateway.networking.k8s.io/v1/httproutes'

/** A route in the namespace `shop`. */
export const route = (name: string, spec: object = {}): RawObject => ({ metadata: { name, namespace: 'shop' }, spec })

/** What a test has. End it with `close`. */
export class Reflected {
  readonly api: FakeKubeApi
  readonly client: KubeClient
  readonly clock: FakeClock = new FakeClock()
  readonly stop: AbortController = new AbortController()
  /** What was handed over, by `<namespace>/<name>`. */
  readonly seen: Map<string, RawObject> = new Map()
  /** What each call brought: `+<names> -<keys>`. */
  readonly calls: string[] = []
  readonly states: ReflectorState[] = []
  #running: readonly Promise<void>[] = []

  private constructor(api: FakeKubeApi) {
    this.api = api
    this.client = new KubeClient(api.credentials, 'test')
  }

  /** A server that listens, with nothing in it. */
  static async create(): Promise<Reflected> {
    const api = new FakeKubeApi()
    await api.listen()
    return new Reflected(api)
  }

  /** Starts a reflector of the routes. */
  start(more: Partial<ReflectorOptions> = {}): Reflector {
    const { client, clock, seen, calls, states, stop } = this
    const reflector = new Reflector({
      client,
      clock,
      log: silentLog,
      resource: { group: 'gateway.networking.k8s.io', version: 'v1', plural: 'httproutes' },
      onChanges: (changed, removed) => {
        for (const object of changed) seen.set(`${object.metadata.namespace}/${object.metadata.name}`, object)
        for (const key of removed) seen.delete(key)
        calls.push(`+${changed.map((object) => object.metadata.name).join(',')} -${removed.join(',')}`)
      },
      onState: (state) => states.push(state),
      ...more,
    })
    this.#running = [...this.#running, reflector.start(stop.signal)]
    return reflector
  }

  /** Resolves when all reflectors have ended. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
  }

  /** The requests of a kind, in their order. */
  requests(isOne: (request: SeenRequest) => boolean): readonly SeenRequest[] {
    return this.api.requests.filter(isOne)
  }

  /** Resolves when the server has a watch. */
  watching(): Promise<void> {
    return eventually(() => expect(this.api.watchers.size).toBe(1))
  }

  /** Resolves when the reflector waits because of a failure. */
  waitingFor(reason: string, waitMs?: number): Promise<void> {
    const expected = { kind: 'waiting', failure: { reason }, ...(waitMs === undefined ? {} : { waitMs }) }
    return eventually(() => expect(this.states.at(-1)).toMatchObject(expected))
  }

  /** Lets the server forget the history while the reflector is away, so that it needs a list. */
  async expire(isWatch: (request: SeenRequest) => boolean, meanwhile: () => void): Promise<void> {
    this.api.plan({ status: 410, reason: 'Expired' }, isWatch)
    this.api.endWatches('reset')
    await this.waitingFor('disconnected')
    meanwhile()
    await this.clock.advance(1_000)
    await this.waitingFor('expired')
    await this.clock.advance(2_000)
    await this.watching()
  }

  /** Stops everything. */
  async close(): Promise<void> {
    this.stop.abort()
    await this.ended()
    this.client.close()
    await this.api.close()
  }
}
