/**
 * A whole standalone Headgate for a test: a folder of YAML, the control plane in this process, a real Envoy.
 *
 * Every test writes its own objects and waits until the proxy runs them; gateways get 127.0.0.1, 127.0.0.2 and so on, and a port offset
 * of its own keeps several test files apart.
 */
import { mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { StandaloneConfig } from '../../src/config/config.js'
import { CONTROLLER_NAME } from '../../src/gatewayapi/context.js'
import type { Condition } from '../../src/gatewayapi/model.js'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import { LOCAL_GROUP } from '../../src/infra/host/local-placements.js'
import { type RunningStandalone, startStandalone } from '../../src/pipeline/standalone.js'
import { createLogger } from '../../src/telemetry/logger.js'
import { objectKey } from '../../src/util/object-ref.js'
import { eventually } from './eventually.js'
import { freeOffset } from './free-offset.js'
import { connectHttp2, type Http2Client, send, type TestAnswer, type TestRequest, type TestTls } from './http-client.js'
import { testRoutePacking } from './route-packing.js'

/** Where a gateway listens. */
export interface GatewayPlace {
  readonly address: string
  readonly port: number
}

/** A running Headgate with a folder that a test writes. */
export interface Standalone {
  readonly running: RunningStandalone
  /** Where its objects and its own state are. */
  readonly folders: { readonly resources: string; readonly state: string }
  /**
   * Writes one YAML file and waits until the proxy runs it (or has refused it). The name of the file is a name of the test's choice. Rejects when
   * something in a file was refused before anybody saw it, which makes a test say nothing.
   */
  write(file: string, yaml: string): Promise<void>
  /** Writes a file in which something is refused, and waits likewise. */
  writeRefused(file: string, yaml: string): Promise<void>
  /** Writes one YAML file and does not wait. */
  put(file: string, yaml: string): Promise<void>
  /** Removes a file and waits likewise. */
  remove(file: string): Promise<void>
  /** Waits until everything that was read is translated and answered by the proxy. */
  settle(): Promise<void>
  /** Where the port of a gateway is reachable. Throws when it is not. */
  place(gateway: string, port: number): GatewayPlace
  /** An HTTP/1.1 request to a port of a gateway (`default/NAME`). */
  send(gateway: string, port: number, request: Omit<TestRequest, 'address' | 'port'>): Promise<TestAnswer>
  /** An HTTP/2 connection to a port of a gateway. */
  http2(gateway: string, port: number, tls?: TestTls): Http2Client
  /** The status of an object, `Kind/namespace/name`. Throws when it has none. */
  status(object: string): ObjectStatus
  stop(): Promise<void>
}

const GATEWAY_CLASS = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: headgate}
spec: {controllerName: ${CONTROLLER_NAME}}
`

/**
 * Starts a Headgate with the GatewayClass `headgate`.
 *
 * @param files what else is there from the start, by the names of the files
 * @param write receives the lines of its log; standard error when left out
 */
export async function startTestStandalone(
  options: Partial<StandaloneConfig> = {},
  files: Readonly<Record<string, string>> = {},
  write?: (line: string) => void,
): Promise<Standalone> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-test-'))
  for (const [file, yaml] of Object.entries({ class: GATEWAY_CLASS, marker: marker(0), ...files }))
    await writeFile(join(folder, `${file}.yaml`), yaml)
  const controller = new AbortController()
  const level = (process.env.TEST_LOG_LEVEL ?? 'silent') as StandaloneConfig['log']['level']
  const config: StandaloneConfig = {
    provider: 'file',
    resources: folder,
    isQuickstart: false,
    allowPartial: false,
    listenOffset: await freeOffset(),
    xdsPort: 0,
    adminPort: 0,
    envoy: { kind: 'find' },
    xdsPlaintext: false,
    envoyPatches: false,
    routePacking: testRoutePacking(),
    accessLog: 'off',
    stateFolder: `${folder}-state`,
    log: { level, format: 'text' },
    controllerName: CONTROLLER_NAME,
    ...options,
  }
  const logger = createLogger({ ...config.log, ...(write === undefined ? {} : { write }) })
  const running = await startStandalone(config, logger, controller.signal)
  // A folder that is refused ends it before it serves.
  await Promise.race([running.serving, running.ended])
  return new TestStandalone(folder, running, controller)
}

class TestStandalone implements Standalone {
  readonly running: RunningStandalone
  readonly #folder: string
  readonly #controller: AbortController
  #marker = 0

  constructor(folder: string, running: RunningStandalone, controller: AbortController) {
    this.#folder = folder
    this.running = running
    this.#controller = controller
  }

  get folders(): Standalone['folders'] {
    return { resources: this.#folder, state: `${this.#folder}-state` }
  }

  async put(file: string, yaml: string): Promise<void> {
    // At once, as editors do: nobody reads half of it.
    const draft = join(this.#folder, `.${file}.draft`)
    await writeFile(draft, yaml)
    await rename(draft, join(this.#folder, `${file}.yaml`))
  }

  async write(file: string, yaml: string): Promise<void> {
    await this.writeRefused(file, yaml)
    const refused = this.running.sources.problems().filter(({ severity, where }) => severity === 'error' && where.startsWith(this.#folder))
    if (refused.length > 0) throw new Error(`the test has bad objects: ${JSON.stringify(refused)}`)
  }

  async writeRefused(file: string, yaml: string): Promise<void> {
    await this.put(file, yaml)
    await this.settle()
  }

  async remove(file: string): Promise<void> {
    await unlink(join(this.#folder, `${file}.yaml`))
    await this.settle()
  }

  async settle(): Promise<void> {
    const { store, pipeline, server, snapshots } = this.running.controlPlane
    const at = ++this.#marker
    await this.put('marker', marker(at))
    await eventually(() => {
      if (store.find('ConfigMap', objectKey('default', markerName(at))) === undefined)
        throw new Error(`the folder was not read: ${this.#problems()}`)
    })
    await pipeline.idle()
    await eventually(async () => {
      await pipeline.idle()
      const [have, want] = [server.tracker.acknowledgedRevision(LOCAL_GROUP), snapshots.revision(LOCAL_GROUP)]
      if (have < want) throw new Error(`the proxy is at revision ${have} of ${want}`)
      // A revision does not wait for ever for an answer. A test does: whoever has not answered may serve what was there before.
      const unanswered = server.tracker.proxies(0).flatMap(({ types }) => types.filter(({ pendingMs }) => pendingMs !== undefined))
      if (unanswered.length > 0) throw new Error(`the proxy has not answered: ${unanswered.map(({ typeUrl }) => typeUrl).join()}`)
    })
    // Envoy acknowledges on its main thread; its workers take over within the next moments.
    await setTimeout(25)
    await pipeline.idle()
  }

  place(gateway: string, port: number): GatewayPlace {
    const found = this.running.sources
      .places()
      .find((place) => place.gateway === gateway && place.port === port && place.boundPort !== undefined)
    const [address] = found?.addresses ?? []
    if (found?.boundPort === undefined || address === undefined) throw new Error(`${gateway} does not listen on port ${port}`)
    return { address, port: found.boundPort }
  }

  send(gateway: string, port: number, request: Omit<TestRequest, 'address' | 'port'>): Promise<TestAnswer> {
    return send({ ...this.place(gateway, port), ...request })
  }

  http2(gateway: string, port: number, tls?: TestTls): Http2Client {
    return connectHttp2({ ...this.place(gateway, port), ...(tls === undefined ? {} : { tls }) })
  }

  status(object: string): ObjectStatus {
    const status = this.running.statuses.get(object)
    if (status === undefined) throw new Error(`${object} has no status: ${this.#problems()}`)
    return status
  }

  async stop(): Promise<void> {
    this.#controller.abort()
    await this.running.ended
    for (const folder of [this.#folder, `${this.#folder}-state`]) await rm(folder, { recursive: true, force: true })
  }

  #problems(): string {
    return JSON.stringify(this.running.sources.problems())
  }
}

/**
 * An object that takes the place of the one before it in a file of its own. A file that loses an object is believed after those that
 * lost one earlier: when the marker has arrived, everything written before it has.
 */
function marker(at: number): string {
  return `{apiVersion: v1, kind: ConfigMap, metadata: {name: ${markerName(at)}}}`
}

function markerName(at: number): string {
  return `settled-${at}`
}

/** `Type=Status/Reason` of conditions, in their order: what most tests look at. */
export function brief(conditions: readonly Condition[]): readonly string[] {
  return conditions.map(({ type, status, reason }) => `${type}=${status}/${reason}`)
}

/** An offset under which nobody listens on the usual port: test files run side by side. */
