/** The leader's side: takes reports of other replicas, and tells them what proxies rejected. */

import { type ServerDuplexStream, status, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { once } from '../../util/once.js'
import type { RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import type { ServerLog } from '../../xds/server/stream-context.js'
import type { ObjectStates } from '../deliveries/group-states.js'
import { replicaOf } from './identity.js'
import type { DeliveryReport, Rejections } from './service.js'
import { fromWire, rejectedFromWire } from './wire.js'

/** What reports are for. */
export interface ReportSink {
  /** Another replica says where its proxies are; undefined: the object is gone there. */
  reported(replica: string, isComplete: boolean, objects: ReadonlyMap<string, ObjectStates | undefined>): void
  /** A replica does not report any more. */
  replicaGone(replica: string): void
  /** A proxy of another replica rejected a version that was not known to be bad. */
  rejected(version: RejectedVersion): void
}

/** The implementation of ReplicaService. */
export function reportServer(sink: ReportSink, rejected: RejectedVersions, log: ServerLog): UntypedServiceImplementation {
  return {
    Report: (call: ServerDuplexStream<DeliveryReport, Rejections>) => {
      const replica = replicaOf(call.getAuthContext().sslPeerCertificate)
      if (replica === undefined) {
        call.emit('error', { code: status.UNAUTHENTICATED, details: 'only replicas of this control plane report' })
        return
      }
      log.info({ replica }, 'a replica reports')
      call.write({ rejected: rejected.list() })
      const stop = rejected.onAdded((added) => call.write({ rejected: [added] }))
      call.on('data', ({ complete, objects, rejected: versions }: DeliveryReport) => {
        for (const version of versions) {
          const known = rejectedFromWire(version)
          if (known !== undefined && rejected.add(known)) sink.rejected(known)
        }
        sink.reported(replica, complete, new Map(objects.map((object) => [object.object, fromWire(object)])))
      })
      const ended = once(() => {
        stop()
        sink.replicaGone(replica)
      })
      call.on('end', () => call.end())
      for (const event of ['end', 'error', 'close', 'cancelled']) call.on(event, ended)
    },
  }
}
