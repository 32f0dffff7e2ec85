/** Modules that were fetched, as origins of what is made of them: nobody counts their generations, and a policy stays the same while they change. */
import { createHash } from 'node:crypto'
import type { WasmExtension } from '../../ir/extension.js'
import type { ObjectVersion } from '../../util/object-ref.js'

/** The kind by which they stand there. No object of Kubernetes is called so. */
export const FETCHED_ORIGIN_KIND = 'FetchedModule'

const DIGITS = 16

/**
 * A module with what a policy says of it, as an origin to which a rejection is traced. Another module is another origin, and so is the same one
 * with other words or of another policy: what proxies refuse with these they may take with those. The same is the same wherever it came from,
 * for what proxies have refused is not sent to them again.
 *
 * @param version of the module
 */
export function fetchedOrigin(version: string, { code: _, ...said }: WasmExtension): ObjectVersion {
  const hash = createHash('sha256').update(JSON.stringify([version, said]))
  const name = `${said.machine}#${hash.digest('hex').slice(0, DIGITS)}`
  return { group: 'headgate.dev', kind: FETCHED_ORIGIN_KIND, namespace: '', name, generation: 1 }
}
