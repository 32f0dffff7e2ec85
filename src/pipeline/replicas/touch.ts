/** The question whether the API server answers a replica, and the answer. */
import {
  type ChannelCredentials,
  Client,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { replicaOf } from './identity.js'
import { replicaService, type Touch } from './service.js'

/** An answer that takes longer will not come. */
const DEADLINE_MS = 3_000

/** Answers other replicas, and nobody else. */
export function touchServer(replica: string, isInTouch: () => boolean): UntypedServiceImplementation {
  return {
    InTouch: (call: ServerUnaryCall<object, Touch>, callback: sendUnaryData<Touch>) => {
      if (replicaOf(call.getAuthContext().sslPeerCertificate) === undefined) {
        callback({ code: status.UNAUTHENTICATED, details: 'only replicas of this control plane ask' })
        return
      }
      callback(null, { replica, inTouch: isInTouch() })
    },
  }
}

/**
 * Asks the replica behind an address, over a connection of its own. Rejects when there is no answer.
 *
 * @param address `host:port`
 * @param serverName the name in the certificates of all replicas
 */
export async function askInTouch(
  address: string,
  serverName: string,
  credentials: ChannelCredentials,
  signal: AbortSignal,
): Promise<Touch> {
  const method = replicaService().InTouch
  if (method === undefined) throw new Error('replica.proto has no method InTouch')
  // Connections are shared between clients: that of the last question would lead to the same replica again.
  const options = { 'grpc.ssl_target_name_override': serverName, 'grpc.use_local_subchannel_pool': 1 }
  const client = new Client(address, credentials, options)
  // The question is asked again and again, and the signal is that of the whole program.
  const answered = new AbortController()
  try {
    return await new Promise<Touch>((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = method
      const deadline = { deadline: Date.now() + DEADLINE_MS }
      const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, deadline, (error, answer) => {
        if (answer === undefined) reject(error ?? new Error('no answer'))
        else resolve(answer as Touch)
      })
      signal.addEventListener('abort', () => call.cancel(), { once: true, signal: answered.signal })
    })
  } finally {
    answered.abort()
    client.close()
  }
}
