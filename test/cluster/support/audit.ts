/** What the API server noted of requests for Secrets. */
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

/** Every request of an account so far. */
export function secretRequests(account: string): readonly SecretRequest[] {
  const log = readFileSync(join(fromRunner('HEADGATE_CLUSTER_STATE'), 'log', 'audit.log'), 'utf8')
  return log.split('\n').flatMap((line): readonly SecretRequest[] => {
    if (!line.includes(account)) return []
    const event = JSON.parse(line) as {
      readonly verb: string
      readonly user: { readonly username: string }
      readonly objectRef?: { readonly namespace?: string; readonly name?: string }
    }
    if (event.user.username !== account) return []
    return [{ verb: event.verb, namespace: event.objectRef?.namespace ?? '', name: event.objectRef?.name ?? '' }]
  })
}
