/**
 * Settings of ClientTrafficPolicies that none of the listeners which they are about can have, such as certificates of clients where no TLS ends:
 * they do nothing, and who wrote them thinks that they do.
 */
import type { Collection, Graph, Index } from '../../incremental/index.js'
import { objectKey } from '../../util/object-ref.js'
import { terminatesTls } from '../listeners/listener-tls.js'
import type { DeclaredListener } from '../listeners/listeners.js'
import type { ListenerPolicies } from './client-policies.js'
import { fact, keyOf, problemText, toWord } from './policy-facts.js'

/** What a listener must do so that settings mean something, in words that go on after "no listener". */
interface Need {
  readonly words: string
  readonly isOf: (path: string) => boolean
  readonly isMet: (listener: DeclaredListener) => boolean
}

const OF_REQUESTS = /^(?:clientIPDetection|path|headers|http1|http2|healthCheck|scheme|timeout\.http)(?:\.|$)/

/** The first that a setting is of counts. */
const NEEDS: readonly Need[] = [
  { words: 'takes requests over HTTPS', isOf: (path) => path.startsWith('http3'), isMet: ({ protocol }) => protocol === 'HTTPS' },
  { words: 'ends TLS', isOf: (path) => path.startsWith('tls.') && path !== 'tls.fingerprints', isMet: terminatesTls },
  {
    words: 'takes requests of HTTP',
    isOf: (path) => OF_REQUESTS.test(path),
    isMet: ({ protocol }) => protocol === 'HTTP' || protocol === 'HTTPS',
  },
  { words: 'takes connections', isOf: () => true, isMet: ({ protocol }) => protocol !== 'UDP' },
]

/** That a policy says something about a listener, which can have it or not. */
interface Reach {
  readonly policy: string
  readonly gateway: string
  readonly field: string
  /** The need that is not met; empty where it is. */
  readonly missing: string
}

/** Declares which settings reach nobody, as the words of facts. */
export function declareClientReachFacts(
  graph: Graph,
  declared: Collection<DeclaredListener>,
  ofListeners: Collection<ListenerPolicies>,
): Index<string> {
  const ofEach = graph.collection<readonly string[]>('ClientTrafficPolicy: reach on listeners', {
    keys: ofListeners,
    compute: (view, key) => {
      const listener = view.get(declared, key)
      const origins = view.get(ofListeners, key)?.effective?.origins
      // Of a protocol that nobody knows the listener tells itself.
      if (listener?.protocol === undefined || origins === undefined) return undefined
      const gateway = objectKey(listener.gateway.namespace, listener.gateway.name)
      return Object.entries(origins).map(([field, policy]) =>
        JSON.stringify({ policy: keyOf(policy), gateway, field, missing: missingFor(field, listener) } satisfies Reach),
      )
    },
  })
  const words = graph.index(ofEach, 'ClientTrafficPolicy: words of reach', (each) => each)
  const reaches = graph.collection<Reach>('ClientTrafficPolicy: reach', {
    keys: words,
    compute: (_view, word) => JSON.parse(word) as Reach,
  })
  const byField = graph.index(reaches, 'ClientTrafficPolicy: reach by field', ({ policy, gateway, field }) => [
    JSON.stringify([policy, gateway, field]),
  ])
  const problems = graph.collection<string>('ClientTrafficPolicy: settings of nobody', {
    keys: byField,
    compute: (view, key) => {
      const found = view.list(byField, key)
      const [first] = found
      return first === undefined || found.some(({ missing }) => missing === '') ? undefined : problem(first)
    },
  })
  return graph.index(problems, 'ClientTrafficPolicy: facts of settings of nobody', (word) => [word])
}

function missingFor(field: string, listener: DeclaredListener): string {
  const need = NEEDS.find(({ isOf }) => isOf(field))
  return need === undefined || need.isMet(listener) ? '' : need.words
}

function problem({ policy, gateway, field, missing }: Reach): string {
  const message = `${field}: it does nothing here, because no listener that the policy is about ${missing}.`
  return toWord(fact(policy, gateway, 'problem', problemText({ reason: 'NotServed', message })))
}
