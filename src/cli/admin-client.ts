/** Asks a running Headgate. */

import type { AllReplicas } from '../admin/all-replicas.js'
import type { DumpedResource, DumpSection } from '../admin/dump.js'
import type { PlacedExplanation } from '../admin/explain.js'
import type { StatusReport } from '../admin/sources.js'
import type { Question } from '../explain/question.js'
import type { EffectiveField } from '../gatewayapi/policies/effective-report.js'
import { errorText } from '../util/error-text.js'
import type { ProxyDelivery } from '../xds/delivery.js'
import type { RevisionRecord } from '../xds/revision-history.js'
import { CliError, NoAnswerError } from './cli-error.js'

/** Where Headgate's admin server is, unless it is said. */
export const DEFAULT_SERVER = 'http://127.0.0.1:19000'

const PATIENCE_MS = 30_000

/** The admin API of one server. Every call throws `CliError` when the server cannot be asked, `NoAnswerError` where nobody answers. */
export class AdminClient {
  readonly #server: string

  /** @param server a URL; without a scheme it is http, and nothing is the default */
  constructor(server: string) {
    const url = server === '' ? DEFAULT_SERVER : server
    this.#server = (/^[a-z]+:\/\//i.test(url) ? url : `http://${url}`).replace(/\/+$/, '')
  }

  /** As the leader says it. @param patienceMs how long an answer may take */
  status(patienceMs: number = PATIENCE_MS): Promise<StatusReport> {
    return this.#get('/leader/status', patienceMs)
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

  async #get<Value>(path: string, patienceMs: number = PATIENCE_MS): Promise<Value> {
    const { response, text } = await this.#ask(path, patienceMs)
    if (response.status === 404)
      throw new CliError(`${this.#server} is not Headgate's admin server, or one of another version: it has no ${path}.`)
    if (!response.ok) throw new CliError(`${this.#server}${path} answers ${response.status}: ${text.trim()}`)
    try {
      return JSON.parse(text) as Value
    } catch (error) {
      throw new CliError(`${this.#server} is not Headgate's admin server: ${path} is no JSON.`, undefined, { cause: error })
    }
  }

  /** The whole answer: who ends in the middle of one, as a Headgate that is started anew does, has not answered. */
  async #ask(path: string, patienceMs: number): Promise<{ readonly response: Response; readonly text: string }> {
    try {
      const response = await fetch(`${this.#server}${path}`, { signal: AbortSignal.timeout(patienceMs) })
      return { response, text: await response.text() }
    } catch (error) {
      throw new NoAnswerError(
        `No Headgate answers at ${this.#server}: ${causeOf(error, patienceMs)}.\n` +
          'Is it running? With another port, say so: --server http://127.0.0.1:PORT. In a cluster:\n' +
          '  kubectl -n headgate-system port-forward deployment/headgate 19000',
        undefined,
        { cause: error },
      )
    }
  }
}

function causeOf(error: unknown, patienceMs: number): string {
  if (!Error.isError(error)) return String(error)
  // `fetch` says no more than that it failed.
  return error.name === 'TimeoutError' ? `no answer within ${patienceMs / 1000} s` : errorText(error.cause ?? error)
}
