/**
 * Regular expressions of routes: checked before a proxy sees them, because a proxy refuses everything that comes with a bad one.
 *
 * Syntax: RE2 over bytes, which is how Envoy compiles it. Size: Envoy bounds the instructions of the compiled program; ours is an
 * estimate from above over the program of another implementation, which works on characters.
 */
import { RE2JS } from 're2js'
import { errorText } from '../util/error-text.js'

/** The largest estimate that is let through; proxies are started with a higher bound. */
const MAX_REGULAR_EXPRESSION_SIZE = 10_000

const LAST_BYTE = 0xff

/** An instruction of a compiled program: pairs of first and last character, where it compares characters. */
interface Instruction {
  readonly runes: ArrayLike<number> | null
}

/**
 * Why a regular expression cannot be used.
 *
 * @returns undefined for one that can; otherwise words that go on after "the regular expression"
 */
export function regularExpressionProblem(pattern: string): string | undefined {
  return sizeOf(pattern).problem
}

/**
 * The expressions of an object, one after the other: each for itself, and how large they are together. A match may have dozens, an object more than
 * a hundred matches, and 35 characters are enough for 5,000 instructions: they would keep us and every proxy busy for a minute.
 */
export class RegularExpressions {
  readonly #known = new Map<string, CompiledSize>()
  #left = MAX_TOTAL_SIZE

  /** Why the next one cannot be used, as `regularExpressionProblem` says it. When there are too many, none behind them is looked at. */
  problemOf(pattern: string): string | undefined {
    if (this.#left < 0) return TOO_MANY
    const { size, problem } = this.#known.get(pattern) ?? sizeOf(pattern)
    this.#known.set(pattern, { size, problem })
    // Proxies compile each for itself, whether or not they are the same.
    this.#left -= size
    return problem ?? (this.#left < 0 ? TOO_MANY : undefined)
  }
}

/** The largest estimate for all expressions of an object. */
const MAX_TOTAL_SIZE = 250_000

const TOO_MANY = `and those before it compile to more than ${MAX_TOTAL_SIZE} instructions together: use fewer of them, or smaller repetitions`

interface CompiledSize {
  readonly size: number
  readonly problem: string | undefined
}

function sizeOf(pattern: string): CompiledSize {
  if (pattern === '') return { size: 0, problem: 'is empty' }
  const wide = wideEscape(pattern)
  if (wide !== undefined)
    return { size: 0, problem: `has the escape ${wide}: proxies compare bytes, write the bytes of the character in UTF-8 instead` }
  let size: number
  try {
    size = estimatedSize(RE2JS.compile(pattern).re2Input.prog.inst)
  } catch (error) {
    return { size: 0, problem: `is not valid RE2 syntax: ${errorText(error)}` }
  }
  if (size <= MAX_REGULAR_EXPRESSION_SIZE) return { size, problem: undefined }
  const limit = `the limit is ${MAX_REGULAR_EXPRESSION_SIZE}: use smaller repetitions`
  return { size, problem: `compiles to a program of about ${size} instructions, ${limit}` }
}

/**
 * Why a substitution cannot be used with an expression that can.
 *
 * Syntax: RE2, `\\0` to `\\9` for groups and `\\\\` for a backslash.
 */
export function substitutionProblem(pattern: string, substitution: string): string | undefined {
  const groups = RE2JS.compile(pattern).groupCount()
  for (const [, word = ''] of substitution.matchAll(/\\(.?)/gs)) {
    if (word === '\\') continue
    if (!/^[0-9]$/.test(word)) return 'a backslash is followed by a digit or by another backslash'
    if (Number(word) > groups) return `it names the group ${word}, and the expression has ${groups}`
  }
  return undefined
}

/** The first `\x{...}` above a byte. */
function wideEscape(pattern: string): string | undefined {
  // Every escape is consumed, so that an escaped backslash does not start another one.
  for (const [whole, hex] of pattern.matchAll(/\\(?:x\{([0-9A-Fa-f]+)\}|.)/gs)) {
    if (hex !== undefined && Number.parseInt(hex, 16) > LAST_BYTE) return whole
  }
  return undefined
}

function estimatedSize(program: readonly Instruction[]): number {
  return program.reduce((sum, { runes }) => sum + 1 + comparisons(runes ?? []), 0)
}

/** How many ranges of bytes one instruction compares. */
function comparisons(runes: ArrayLike<number>): number {
  let count = 0
  for (let at = 0; at < runes.length; at += 2) if ((runes[at] ?? 0) <= LAST_BYTE) count++
  return count
}
