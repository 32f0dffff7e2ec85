/** Asks a running Headgate. */

import type { AllReplicas } from '../admin/all-replicas.js'
import type { DumpedResource, DumpSection } from '../admin/dump.js'
import type { PlacedExplanation } from '../admin/explain.js'
import type { StatusReport } from '../admin/sources.js'
import type { Question } from '../explain/question.js'
import type { EffectiveField } from '../gatewayapi/policies/effective-report.js'
import type { ProxyDelivery } from '../xds/delivery.js'
import type { RevisionRecord } from '../xds/revision-history.js'
import { CliError, NoAnswerError } from './cli-error.js'

/** Where Headgate's admin server is, unless it is said. */
export const DEFAULT_SERVER = 'http://127.0.0.1:19000'

const TIMEOUT_MILLISECONDS = 30_000

/** The admin API of one server. Every call throws `CliError` when the server cannot be asked, `NoAnswerError` where nobody answers. */
export class AdminClient {
  readonly #server: string

  /** @param server a URL; without a scheme it is http, and nothing is the default */
  constructor(server: string) {
    const url = server === '' ? DEFAULT_SERVER : server
    this.#server = (/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`).replace(/\/+$/, '')
  }

  /** As the leader says it. */
  status(): Promise<StatusReport> {
    return this.#get('/leader/status')
  }

  /** Those of all replicas. */
  proxies(): Promise<AllReplicas<ProxyDelivery>> {
    return this.#get('/replicas/proxies')
  }

  /** @param route `<kind>/<namespace>/<name>` */
  effectivePolicies(route: string): Promise<readonly EffectiveField[]> {
    return this.#get(`/policies?for=${encodeURIComponent(route)}`)
  }

  /** What becomes of a request, at each listener that may be meant. */
  explain(question: Question): Promise<readonly PlacedExplanation[]> {
    return this.#get(`/explain?request=${encodeURIComponent(JSON.stringify(question))}`)
  }

  /** The last revisions of each replica. */
  history(limit: number): Promise<AllReplicas<RevisionRecord>> {
    return this.#get(`/replicas/history?limit=${limit}`)
  }

  version(): Promise<{ readonly version: string; readonly node: string }> {
    return this.#get('/version')
  }

  dump(section: DumpSection | 'all'): Promise<readonly DumpedResource[]> {
    return this.#get(`/dump/${section}`)
  }

  bootstraps(): Promise<readonly { readonly group: string; readonly bootstrap: unknown }[]> {
    return this.#get('/dump/bootstrap')
  }

  async #get<Value>(path: string): Promise<Value> {
    let response: Response
    try {
      response = await fetch(`${this.#server}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) })
    } catch (error) {
      throw new NoAnswerError(
        `No Headgate answers at ${this.#server}: ${causeOf(error)}.\n` +
          'Is it running? With another port, say so: --server http://127.0.0.1:PORT. In a cluster:\n' +
          '  kubectl -n headgate-system port-forward deployment/headgate 19000',
        undefined,
        { cause: error },
      )
    }
    if (response.status === 404)
      throw new CliError(`${this.#server} is not Headgate's admin server, or one of another version: it has no ${path}.`)
    if (!response.ok) throw new CliError(`${this.#server}${path} answers ${response.status}: ${(await response.text()).trim()}`)
    try {
      return (await response.json()) as Value
    } catch (error) {
      throw new CliError(`${this.#server} is not Headgate's admin server: ${path} is no JSON.`, undefined, { cause: error })
    }
  }
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return 'no answer within 30 s'
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}
