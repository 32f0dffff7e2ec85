/** A real extension server: whatever a test wants it to answer, over gRPC. */
import { Server, ServerCredentials, type ServerUnaryCall, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js'
import { extensionHooks } from '../../src/extension-hooks/hook-client.js'
import type { EnvoyMessages } from '../../src/gen/envoy/types.js'
import { decode, encode } from '../../src/xds/message.js'
import { HOOKED_TYPE_URL } from '../../src/xds/translate/extension-hooks/check-answer.js'
import type { HookedKind } from '../../src/xds/translate/extension-hooks/hook.js'

/** A question. */
export interface AskedHook {
  readonly kind: HookedKind
  readonly name: string
  readonly value: Buffer
  readonly objects: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[]
}

/** What the server does with a question: an answer, nothing to change (undefined), silence (`never`), or an error. */
export type HookBehaviour = (asked: AskedHook) => { readonly typeUrl: string; readonly value: Buffer } | undefined | 'never' | status

/** A running server. */
export interface HookServer {
  readonly port: number
  /** Every question, in order. */
  readonly asked: readonly AskedHook[]
  behave(behaviour: HookBehaviour): void
  close(): void
}

interface Request {
  readonly name: string
  readonly resource: { readonly value: Buffer }
  readonly objects: AskedHook['objects']
}

/**
 * Starts a server that changes nothing.
 *
 * @param port 0 for a free one
 * @param host where it listens; this machine alone when left out
 */
export async function startHookServer(
  port = 0,
  credentials: ServerCredentials = ServerCredentials.createInsecure(),
  host = '127.0.0.1',
): Promise<HookServer> {
  const asked: AskedHook[] = []
  let behaviour: HookBehaviour = () => undefined
  const handle =
    (kind: HookedKind) =>
    ({ request: { name, resource, objects } }: ServerUnaryCall<Request, object>, answer: sendUnaryData<object>): void => {
      const question = { kind, name, value: Buffer.from(resource.value), objects }
      asked.push(question)
      const reply = behaviour(question)
      if (reply === 'never') return
      if (typeof reply === 'number') {
        const error: Partial<ServiceError> = { code: reply, details: status[reply] ?? '' }
        answer(error)
      } else answer(null, reply === undefined ? {} : { resource: { type_url: reply.typeUrl, value: reply.value } })
    }
  // A virtual host may bring modules: by default no more than 4 MiB are taken.
  const server = new Server({ 'grpc.max_receive_message_length': -1 })
  server.addService(extensionHooks(), {
    ModifyVirtualHost: handle('VirtualHost'),
    ModifyCluster: handle('Cluster'),
    ModifyListener: handle('Listener'),
  })
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`${host}:${port}`, credentials, (error, at) => (error === null ? resolve(at) : reject(error))),
  )
  const behave = (next: HookBehaviour): void => {
    behaviour = next
  }
  return { port: bound, asked, behave, close: () => server.forceShutdown() }
}

const MESSAGES: {
  readonly VirtualHost: 'envoy.config.route.v3.VirtualHost'
  readonly Cluster: 'envoy.config.cluster.v3.Cluster'
  readonly Listener: 'envoy.config.listener.v3.Listener'
} = {
  VirtualHost: 'envoy.config.route.v3.VirtualHost',
  Cluster: 'envoy.config.cluster.v3.Cluster',
  Listener: 'envoy.config.listener.v3.Listener',
}

/** The resource of a question with these fields changed, as an answer. */
export function changed<K extends HookedKind>(
  { kind, value }: AskedHook,
  of: K,
  change: (message: EnvoyMessages[(typeof MESSAGES)[K]]) => EnvoyMessages[(typeof MESSAGES)[K]],
): { readonly typeUrl: string; readonly value: Buffer } | undefined {
  if (kind !== of) return undefined
  const name = MESSAGES[of]
  return { typeUrl: HOOKED_TYPE_URL[kind], value: encode(name, change(decode(name, value))) }
}

/** A virtual host whose answers have one more header. */
export function withHeader(asked: AskedHook, value: string): ReturnType<typeof changed> {
  return changed(asked, 'VirtualHost', (host) => ({
    ...host,
    responseHeadersToAdd: [...(host.responseHeadersToAdd ?? []), { header: { key: 'x-hook', value } }],
  }))
}
