/** Statuses of Backends (headgate.dev) that something of ours sends to. */
import type { Collection, Graph, Source } from '../../incremental/index.js'
import { objectVersion } from '../../util/object-ref.js'
import { holdsUnless, type Problem } from '../conditions.js'
import type { Inputs } from '../inputs.js'
import type { BackendStatus } from '../object-status.js'
import { objectsOf } from './backend-key.js'
import type { ResolvedBackend } from './resolved-backend.js'

/** Declares the statuses, by `Backend/<namespace>/<name>`. A Backend that no Gateway of ours sends to has none. */
export function declareBackendStatuses(graph: Graph, inputs: Inputs, backends: Source<ResolvedBackend>): Collection<BackendStatus> {
  const objects = inputs.kind('Backend')
  const used = graph.index(backends, 'statuses of Backends', (_, key) => objectsOf(key.startsWith('Backend/') ? [key] : []))
  return graph.collection<BackendStatus>('backend statuses', {
    report: true,
    keys: used,
    compute: (view, key) => {
      const object = view.get(objects, key.slice(key.indexOf('/') + 1))
      // For connections and for datagrams it is the same.
      const [resolved] = view.list(used, key)
      if (object === undefined || resolved === undefined) return undefined
      const accepted = { reason: 'Accepted', message: 'Requests can be sent to it.' }
      return {
        shape: 'backend',
        object: objectVersion(object),
        conditions: [holdsUnless('Accepted', problemOf(resolved), accepted, object.metadata.generation)],
      }
    },
  })
}

function problemOf(backend: ResolvedBackend): Problem | undefined {
  if (!backend.usable) return { reason: 'Invalid', message: backend.message }
  if (backend.http.protocol === 'unsupported') return { reason: 'UnsupportedProtocol', message: `It ${backend.http.message}.` }
  return undefined
}
