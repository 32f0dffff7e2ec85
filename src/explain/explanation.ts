/** What is said about a request. */
import type { ExplainedEndpoint } from './backends.js'

/** What one listener does with a request, and why. */
export interface Explanation {
  /** The proxies that it is about. */
  readonly group: string
  /** The name of the listener in Envoy. */
  readonly listener: string
  /** `<namespace>/<name>` of the Gateways that it belongs to. */
  readonly gateways: readonly string[]
  /** Where it listens: `address:port`. */
  readonly addresses: readonly string[]
  /** The name of the filter chain; undefined where no chain takes the connection. */
  readonly filterChain: string | undefined
  /** What routes see; undefined where the request does not come that far. */
  readonly seen: { readonly method: string; readonly host: string; readonly path: string } | undefined
  /** The domain that serves the host; undefined for none. */
  readonly domain: string | undefined
  /** Domains that would serve the host if that one were not there, the closest first. */
  readonly coveringDomains: readonly string[]
  /** Domains that there are, where none serves the host; some of them where they are many. */
  readonly otherDomains: readonly string[]
  /** Routes that came before in the order, and why each is not it. */
  readonly passedOver: readonly PassedRoute[]
  /** Routes that would take the request too, and come later. */
  readonly behind: readonly string[]
  /** What happens; several where chance decides between them. */
  readonly outcomes: readonly Outcome[]
  /** What cannot be known from the configuration alone, a sentence each. */
  readonly notes: readonly string[]
}

/** A route that is not what the request gets. */
export interface PassedRoute {
  readonly route: string
  /** What the request lacks. */
  readonly because: string
}

/** One way in which a request may end. */
export type Outcome = {
  /** The share of such requests, from 0 to 1. */
  readonly share: number
  /** The name of the route; undefined where none is asked. */
  readonly route: string | undefined
  /** Names of filters that see the request first, in their order. Each may answer by itself. */
  readonly filters: readonly string[]
} & (ForwardOutcome | RedirectOutcome | AnswerOutcome | StreamOutcome | CloseOutcome | DropOutcome)

/** The request goes to a backend. */
export interface ForwardOutcome {
  readonly does: 'forward'
  readonly cluster: string
  readonly endpoints: readonly ExplainedEndpoint[]
  /** Where endpoints are not listed, who finds them. */
  readonly foundBy: 'dns' | 'request' | undefined
  readonly isTls: boolean
  /** The host that the backend sees; undefined where only the proxy knows. */
  readonly host: string | undefined
  /** The path that the backend sees. */
  readonly path: string
  /** Milliseconds until 504; undefined: however long it takes. */
  readonly timeoutMs: number | undefined
  /** How often it is tried again, and when, in Envoy's words. */
  readonly retries: { readonly times: number; readonly on: string } | undefined
  /** Clusters that get a copy. */
  readonly mirrors: readonly string[]
}

/** The client is sent elsewhere. */
export interface RedirectOutcome {
  readonly does: 'redirect'
  readonly status: number
  /** For gRPC, as in `AnswerOutcome`: its clients do not go there. */
  readonly grpcStatus?: number
  readonly location: string
}

/** The proxy answers by itself. */
export interface AnswerOutcome {
  readonly does: 'answer'
  readonly status: number
  /** For gRPC: the client gets 200 with this `grpc-status` in place of the status. */
  readonly grpcStatus?: number
  /** The beginning of the body, where there is one. */
  readonly body: string | undefined
  readonly because: string
}

/** The connection, or the datagram, goes on as it is. */
export interface StreamOutcome extends Pick<ForwardOutcome, 'cluster' | 'endpoints' | 'foundBy' | 'isTls'> {
  readonly does: 'stream'
}

/** The connection is closed. */
export interface CloseOutcome {
  readonly does: 'close'
  readonly because: string
}

/** The datagram is dropped. */
export interface DropOutcome {
  readonly does: 'drop'
  readonly because: string
}
