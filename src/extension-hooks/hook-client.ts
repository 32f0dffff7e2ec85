/** Calls of an extension server, as protos/headgate/extension/v1alpha1/extension_hooks.proto describes them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ChannelCredentials, Client, connectivityState, type ServiceDefinition, type ServiceError, status } from '@grpc/grpc-js'
import { DIRECT_CHANNEL } from '../util/direct-channel.js'
import { ownService } from '../xds/own-services.js'
import { HOOKED_TYPE_URL } from '../xds/translate/extension-hooks/check-answer.js'
import type { HookQuestion } from '../xds/translate/extension-hooks/hook.js'

/** Where an extension server is and how it is talked to. */
export interface ExtensionServer {
  /** `host:port` */
  readonly address: string
  /** Milliseconds that an answer may take. */
  readonly timeoutMs: number
  /** A folder with `ca.crt`, and with `tls.crt` and `tls.key` if the server wants to know who asks. Undefined: no TLS. */
  readonly tlsFolder: string | undefined
}

/** What came of a call. */
export type HookReply =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly typeUrl: string; readonly value: Buffer }
  | { readonly kind: 'failed'; readonly message: string; readonly because: 'refused' | 'slow' | 'unreachable' }

/** A connection to an extension server. */
export interface HookClient {
  /** Never rejects, and takes no longer than the server may. */
  ask(question: HookQuestion): Promise<HookReply>
  close(): void
}

/** google.protobuf.Any keeps the spelling of its fields. */
interface Reply {
  readonly resource: { readonly type_url: string; readonly value: Buffer } | null
}

/**
 * Connects with the first call. Throws when a file of the TLS folder cannot be read.
 *
 * @param onReconnected a connection is there again after one that had ended: another server may listen now
 */
export function connectHooks({ address, timeoutMs, tlsFolder }: ExtensionServer, onReconnected: () => void): HookClient {
  const client = new Client(address, tlsFolder === undefined ? ChannelCredentials.createInsecure() : tlsCredentials(tlsFolder), {
    ...DIRECT_CHANNEL,
    // How long an answer may be depends on the question: `checkAnswer` looks at it.
    'grpc.max_receive_message_length': -1,
    'grpc.initial_reconnect_backoff_ms': 500,
    'grpc.max_reconnect_backoff_ms': 10_000,
    // Nothing to ask is no reason to forget each other.
    'grpc.client_idle_timeout_ms': 2 ** 31 - 1,
  })
  const service = extensionHooks()
  let isClosed = false
  const watch = (state: connectivityState, hadOne: boolean): void => {
    const channel = client.getChannel()
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => {
      if (isClosed) return
      const next = channel.getConnectivityState(false)
      if (next === connectivityState.READY && hadOne) onReconnected()
      watch(next, hadOne || next === connectivityState.READY)
    })
  }
  watch(client.getChannel().getConnectivityState(false), false)
  return {
    ask: (question) =>
      new Promise((resolve) => {
        const method = service[`Modify${question.kind}`]
        if (method === undefined) throw new Error(`the service has no method for ${question.kind}`)
        const { name, kind, value, origins } = question
        const objects = origins.map(({ group, kind: ofKind, namespace, name: called }) => ({
          group,
          kind: ofKind,
          namespace,
          name: called,
        }))
        client.makeUnaryRequest(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          { name, resource: { type_url: HOOKED_TYPE_URL[kind], value }, objects },
          { deadline: Date.now() + timeoutMs },
          (error: ServiceError | null, reply?: unknown) => resolve(error === null ? readReply(reply as Reply) : readError(error)),
        )
      }),
    close: () => {
      isClosed = true
      client.close()
    },
  }
}

/** The definition for servers and clients. */
export function extensionHooks(): ServiceDefinition {
  return ownService('headgate.extension.v1alpha1.ExtensionHooks')
}

/** What the library says when it did not get through to the service. */
const UNREACHABLE: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.CANCELLED, status.UNAUTHENTICATED])

function tlsCredentials(folder: string): ChannelCredentials {
  const read = (name: string): Buffer => readFileSync(join(folder, name))
  const authority = read('ca.crt')
  try {
    return ChannelCredentials.createSsl(authority, read('tls.key'), read('tls.crt'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return ChannelCredentials.createSsl(authority)
  }
}

function readReply({ resource }: Reply): HookReply {
  return resource === null ? { kind: 'unchanged' } : { kind: 'changed', typeUrl: resource.type_url, value: Buffer.from(resource.value) }
}

function readError({ code, message }: ServiceError): HookReply {
  // Whoever does not implement a method has nothing to say about that kind.
  if (code === status.UNIMPLEMENTED) return { kind: 'unchanged' }
  const because = code === status.DEADLINE_EXCEEDED ? 'slow' : UNREACHABLE.has(code) ? 'unreachable' : 'refused'
  return { kind: 'failed', message, because }
}
