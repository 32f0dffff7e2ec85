/** The question whether the API server answers a replica, and the answer. */
import type { UntypedServiceImplementation } from '@grpc/grpc-js'
import { type Asked, askReplica, onlyReplicas } from './ask.js'
import type { Touch } from './service.js'

/** Answers other replicas. */
export function touchServer(replica: string, isInTouch: () => boolean): UntypedServiceImplementation {
  return { InTouch: onlyReplicas((): Touch => ({ replica, inTouch: isInTouch() })) }
}

/** Asks the replica behind an address. Rejects when there is no answer. */
export function askInTouch(asked: Asked, signal: AbortSignal): Promise<Touch> {
  return askReplica('InTouch', {}, asked, signal)
}
