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
  return { kind: 'module', base64: bytes.toString('base64') }
}
