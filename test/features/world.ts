/** What every feature test stands on: one standalone Headgate per file, some backends, and one file of objects that each test replaces. */
import { afterAll, beforeAll } from '@jest/globals'
import type { StandaloneConfig } from '../../src/config/config.js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import type { JsonObject } from '../../src/k8s/kube-json.js'
import { nextStatus } from '../../src/status/next-status.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import type { TestAnswer } from '../support/http-client.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'
import { backend, gateway } from './manifests.js'

/** A request to port 80 of the Gateway `gw`, or to another port and Gateway. */
export type Question = Parameters<Standalone['send']>[2] & { readonly port?: number; readonly gateway?: string }

/** A condition in the status of an object. */
export type StoredCondition = Readonly<
  Record<'type' | 'status' | 'reason' | 'message' | 'lastTransitionTime', string> & { readonly observedGeneration: number }
>

/** The status of an object as it stands in a cluster. */
export interface StoredStatus {
  readonly conditions?: readonly StoredCondition[]
  readonly listeners?: readonly {
    readonly name: string
    readonly conditions: readonly StoredCondition[]
    readonly attachedRoutes: number
    readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[]
  }[]
  readonly parents?: readonly {
    readonly controllerName: string
    readonly parentRef: JsonObject
    readonly conditions: readonly StoredCondition[]
  }[]
  readonly supportedFeatures?: readonly { readonly name: string }[]
}

/** The time at which statuses of tests are written. */
export const NOW = '2026-01-02T03:04:05Z'

type StandaloneOptions = Partial<StandaloneConfig> | Promise<Partial<StandaloneConfig>>

/** The world of one file of tests. */
export interface World {
  readonly headgate: Standalone
  backend(name: string): TestBackend
  /** Replaces the objects of the test before and waits until the proxy runs these. */
  write(...documents: readonly string[]): Promise<void>
  /** Likewise, where something in them is refused before anybody sees it; `write` rejects then. */
  writeRefused(...documents: readonly string[]): Promise<void>
  ask(question?: Question): Promise<TestAnswer>
  /** The name of the backend that answers; the status of an answer by the gateway itself; `closed` when no answer comes. */
  answerer(question?: Question): Promise<string | number>
  /** Conditions of the Gateway or of the only parent of a route, as `Type=Status/Reason`. */
  conditions(object: string): readonly string[]
  /** The status of an object as it would be written to a cluster, over what stands there before. */
  stored(object: string, before?: JsonObject): StoredStatus
  /** Conditions of a listener, likewise. */
  listener(gatewayKey: string, name: string): readonly string[]
}

/**
 * Starts a Headgate and HTTP backends before the tests of a file, and stops them after.
 *
 * @param backends names of HTTP/1.1 backends; each gets a Backend of its name
 * @param base more objects that all tests share; by default the Gateway `gw` with one HTTP listener
 * @param options of Headgate, asked for before it starts
 */
export function featureWorld(
  backends: readonly string[],
  base: () => string | Promise<string> = () => gateway('gw'),
  options: () => StandaloneOptions = () => ({}),
): World {
  let headgate: Standalone | undefined
  let started: readonly TestBackend[] = []
  beforeAll(async () => {
    started = await Promise.all(backends.map((name) => startBackend(name)))
    headgate = await startTestStandalone(await options())
    await headgate.write('base', [...started.map((each) => backend(each)), await base()].join('---'))
  }, 60_000)
  afterAll(async () => {
    await headgate?.stop()
    await Promise.all(started.map((each) => each.close()))
  })
  const standalone = (): Standalone => {
    if (headgate === undefined) throw new Error('only inside of tests')
    return headgate
  }
  const ask = ({ gateway: name = 'default/gw', port = 80, ...request }: Question = {}) =>
    standalone().send(name, port, { host: 'example.com', ...request })
  return {
    get headgate() {
      return standalone()
    },
    backend: (name) => {
      const found = started.find((each) => each.name === name)
      if (found === undefined) throw new Error(`no backend "${name}" in this file`)
      return found
    },
    write: (...documents) => standalone().write('objects', documents.join('---')),
    writeRefused: (...documents) => standalone().writeRefused('objects', documents.join('---')),
    ask,
    answerer: (question) =>
      ask(question).then(
        (answer) => answer.echo?.backend ?? answer.status,
        () => 'closed',
      ),
    conditions: (object) => brief(conditionsOf(standalone().status(object))),
    stored: (object, before = {}) => {
      const next = nextStatus(before, standalone().status(object), CONTROLLER_NAME, NOW)
      if (next === undefined) throw new Error(`there is nothing to write for ${object}`)
      return next.merged as StoredStatus
    },
    listener: (key, name) => {
      const status = standalone().status(`Gateway/${key}`)
      const found = status.shape === 'gateway' ? status.listeners.find((each) => each.name === name) : undefined
      if (found === undefined) throw new Error(`${key} has no listener "${name}"`)
      return brief(found.conditions)
    },
  }
}

function conditionsOf(status: ObjectStatus): Parameters<typeof brief>[0] {
  switch (status.shape) {
    case 'route': {
      const [only, ...more] = status.parents
      if (only === undefined || more.length > 0) throw new Error(`${status.parents.length} parents, not one`)
      return only.conditions
    }
    case 'policy':
      return status.ancestors[0]?.conditions ?? []
    default:
      return status.conditions
  }
}

/** Asks until the answers show what is meant; chance decides how many are needed. */
export async function answerers(count: number, ask: () => Promise<string | number>): Promise<ReadonlyMap<string | number, number>> {
  const found = new Map<string | number, number>()
  for (let at = 0; at < count; at += 20) {
    const answers = await Promise.all(Array.from({ length: Math.min(20, count - at) }, ask))
    for (const answer of answers) found.set(answer, (found.get(answer) ?? 0) + 1)
  }
  return found
}
