/** One replica asks another one. */
import { type ChannelCredentials, Client, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js'
import { DIRECT_CHANNEL } from '../../util/direct-channel.js'
import { replicaOf } from './identity.js'
import { replicaService } from './service.js'

/** An answer that takes longer will not come. */
const DEADLINE_MS = 3_000

/** Whom to ask, and as whom. */
export interface Asked {
  /** `host:port` of a replica, or of the Service of all of them. */
  readonly address: string
  /** The name in the certificates of all replicas. */
  readonly serverName: string
  readonly credentials: ChannelCredentials
}

/** Asks over a connection of its own. Rejects when there is no answer. */
export async function askReplica<Answer>(
  question: 'InTouch' | 'Look' | 'Status',
  request: object,
  { address, serverName, credentials }: Asked,
  signal?: AbortSignal,
): Promise<Answer> {
  const method = replicaService()[question]
  if (method === undefined) throw new Error(`replica.proto has no method ${question}`)
  const client = new Client(address, credentials, {
    ...DIRECT_CHANNEL,
    'grpc.ssl_target_name_override': serverName,
    // Connections are shared between clients: that of the last question would lead to the same replica again.
    'grpc.use_local_subchannel_pool': 1,
    // What a replica knows of a thousand proxies is longer than others let messages be.
    'grpc.max_receive_message_length': -1,
  })
  // The question is asked again and again, and the signal is that of the whole program.
  const answered = new AbortController()
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method
      const deadline = { deadline: Date.now() + DEADLINE_MS }
      const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, deadline, (error, answer) => {
        if (answer === undefined) reject(error ?? new Error('no answer'))
        else resolve(answer as Answer)
      })
      signal?.addEventListener('abort', () => call.cancel(), { once: true, signal: answered.signal })
    })
  } finally {
    answered.abort()
    client.close()
  }
}

/** Answers other replicas, and nobody else. What `answer` throws becomes an error of the caller's. */
export function onlyReplicas<Request, Answer>(answer: (request: Request) => Answer) {
  return (call: ServerUnaryCall<Request, Answer>, callback: sendUnaryData<Answer>): void => {
    if (replicaOf(call.getAuthContext().sslPeerCertificate) === undefined) {
      callback({ code: status.UNAUTHENTICATED, details: 'only replicas of this control plane ask' })
      return
    }
    callback(null, answer(call.request))
  }
}
