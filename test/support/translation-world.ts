/** The translation with objects written as YAML: what a test gives in is read, defaulted and validated as the file provider does it. */
import { parseAllDocuments } from 'yaml'
import { CONTROLLER_NAME, type TranslationContext } from '../../src/gatewayapi/context.js'
import { declareGatewayApi, type GatewayApi } from '../../src/gatewayapi/declare.js'
import { SUPPORTED_FEATURES } from '../../src/gatewayapi/features.js'
import { declareInputs, type Inputs } from '../../src/gatewayapi/inputs.js'
import type { Condition } from '../../src/gatewayapi/model.js'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import type { KindName } from '../../src/gen/kinds.js'
import { type FlushReport, Graph } from '../../src/incremental/index.js'
import type { Placement } from '../../src/ir/placement.js'
import { KINDS } from '../../src/kinds/index.js'
import { createInterpreter } from '../../src/provider/file/interpret-object.js'
import { createValidator } from '../../src/schema/validate.js'
import { objectKey } from '../../src/util/object-ref.js'

/** The translation to the IR and how to change its objects. */
export interface TranslationWorld {
  readonly translation: { readonly graph: Graph; readonly inputs: Inputs; readonly gatewayApi: GatewayApi }
  /** Creates or replaces objects; the generation of an object counts how often it was applied. Throws where an object is refused. */
  apply(yaml: string): void
  /** Removes the object of a kind. */
  remove(kind: string, namespace: string, name: string): void
  /** Gives a gateway its place, an address, and proxies that have acknowledged every generation. */
  place(gateway: string, placement?: Partial<Placement>): void
  /** Says that proxies have acknowledged every generation of `<Kind>/<namespace>/<name>`. */
  deliver(object: string): void
  /** Brings everything up to date. Throws where a fragment threw. */
  flush(): FlushReport
  /** The status of `<Kind>/<namespace>/<name>` after everything is up to date. */
  status(object: string): ObjectStatus | undefined
}

/** How a world differs from the usual. */
export type WorldOptions = Partial<TranslationContext>

/** A translation that has seen the GatewayClass `headgate` and nothing else. */
export function createTranslationWorld(options: WorldOptions = {}): TranslationWorld {
  const graph = new Graph()
  const inputs = declareInputs(
    graph,
    KINDS.map(({ kind }) => kind as KindName),
  )
  const context = { controllerName: CONTROLLER_NAME, allowExternalName: false, supportedFeatures: SUPPORTED_FEATURES, ...options }
  const gatewayApi = declareGatewayApi(graph, inputs, context)
  const interpret = createInterpreter(KINDS, createValidator())
  const generations = new Map<string, number>()

  const applyOne = (value: unknown): void => {
    const result = interpret(JSON.parse(JSON.stringify(value)))
    if (result.outcome !== 'accepted') throw new Error(`the test has a bad object: ${JSON.stringify(result)}`)
    const { metadata, kind } = result.object
    const key = objectKey(metadata.namespace, metadata.name)
    const generation = (generations.get(`${kind}/${key}`) ?? 0) + 1
    generations.set(`${kind}/${key}`, generation)
    const hasGeneration = KINDS.some((known) => known.kind === kind && known.hasGeneration)
    inputs.set(kind, key, { ...result.object, metadata: { ...metadata, generation: hasGeneration ? generation : 0 } })
  }

  const world: TranslationWorld = {
    translation: { graph, inputs, gatewayApi },
    apply: (yaml) => {
      for (const document of parseAllDocuments(yaml)) {
        const value: unknown = document.toJS()
        if (value !== null) applyOne(value)
      }
    },
    remove: (kind, namespace, name) => {
      inputs.set(kind, objectKey(namespace, name), undefined)
    },
    place: (gateway, placement = {}) => {
      const ports = { offset: 0, privilegedOffset: 0 }
      inputs.placements.set(gateway, { group: gateway, addresses: ['0.0.0.0'], ports, ...placement })
      inputs.addresses.set(gateway, { assigned: [{ type: 'IPAddress', value: '192.0.2.1' }] })
      world.deliver(`Gateway/${gateway}`)
    },
    deliver: (object) => {
      inputs.deliveries.set(object, { acknowledgedGeneration: Number.MAX_SAFE_INTEGER, state: 'delivered' })
    },
    flush: () => {
      const report = graph.flush()
      const [failure] = report.failures
      if (failure !== undefined) throw failure.error
      return report
    },
    status: (object) => {
      world.flush()
      return gatewayApi.statuses.get(object)
    },
  }
  world.apply(`
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: headgate }
spec: { controllerName: ${CONTROLLER_NAME} }
`)
  return world
}

/** Conditions as `Type=Status Reason`, for short expectations. */
export function briefly(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ type, status, reason }) => `${type}=${status} ${reason}`)
}
