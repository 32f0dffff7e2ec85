/** What a fetch brings. */
import type { FetchedContent } from '../gatewayapi/fetches/fetch-request.js'
import type { FetchRules } from './destination.js'
import { FetchError } from './fetch-error.js'

/** What came, and what tells whether it has changed when it is asked for again. */
export interface Outcome {
  readonly content: FetchedContent
  readonly revision: string | undefined
}

/** What every fetch knows. */
export interface FetchContext {
  readonly rules: FetchRules
  readonly signal: AbortSignal
  /** Of what was fetched before. */
  readonly revision: string | undefined
}

/** A WebAssembly binary begins so. Source: WebAssembly Core 1.0, 5.5.16: "\\0asm" and version 1. */
const MAGIC = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0])

/** A module as content. Throws `FetchError` for what is none. */
export function moduleContent(bytes: Buffer): FetchedContent {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) throw new FetchError('what came is no WebAssembly module')
  // An Envoy that cannot read a module accepts it and answers 503: nobody would be told why.
  if (!isWellFormed(bytes)) throw new FetchError('what came is no well-formed WebAssembly module')
  return { kind: 'module', base64: bytes.toString('base64') }
}

/** The engine of this process is that of Envoy. Its types come with those of browsers only. */
function isWellFormed(bytes: Buffer): boolean {
  const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly: { validate(bytes: Uint8Array): boolean } }
  return engine.validate(new Uint8Array(bytes))
}
