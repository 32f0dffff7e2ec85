/** What the API server noted of requests: all that are about Secrets, and all of the controllers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromRunner } from './kubectl.js'

/** A request for Secrets. */
export interface SecretRequest {
  readonly verb: string
  readonly namespace: string
  /** Empty for a request that is about all of a namespace. */
  readonly name: string
}

interface AuditEvent {
  readonly verb: string
  readonly requestURI: string
  readonly requestReceivedTimestamp: string
  readonly user: { readonly username: string }
  readonly objectRef?: { readonly resource?: string; readonly namespace?: string; readonly name?: string }
  readonly annotations?: Readonly<Record<string, string>>
}

/** Every request of an account for Secrets so far. */
export function secretRequests(account: string): readonly SecretRequest[] {
  return requests(account).flatMap(({ verb, objectRef }) =>
    objectRef?.resource === 'secrets' ? [{ verb, namespace: objectRef.namespace ?? '', name: objectRef.name ?? '' }] : [],
  )
}

/** Every request of an account since then that its roles did not allow. */
export function forbiddenRequests(account: string, since: Date): readonly string[] {
  return requests(account)
    .filter(({ annotations, requestReceivedTimestamp }) => {
      return annotations?.['authorization.k8s.io/decision'] === 'forbid' && new Date(requestReceivedTimestamp) >= since
    })
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
}

function requests(account: string): readonly AuditEvent[] {
  const log = readFileSync(join(fromRunner('HEADGATE_CLUSTER_STATE'), 'log', 'audit.log'), 'utf8')
  return log.split('\n').flatMap((line): readonly AuditEvent[] => {
    if (!line.includes(account)) return []
    const event = JSON.parse(line) as AuditEvent
    return event.user.username === account ? [event] : []
  })
}
