/** How Envoy compares texts. Source: envoy/type/matcher/v3/string.proto and regex.proto. */
import { RE2JS } from 're2js'
import type { envoy } from '../gen/envoy/types.js'

type StringMatcher = envoy.type.matcher.v3.StringMatcher

/** True if the whole text is what the matcher wants. */
export function textMatches(matcher: StringMatcher, text: string): boolean {
  if (matcher.safeRegex !== undefined) return regexMatches(matcher.safeRegex.regex ?? '', text)
  const [own, other] = matcher.ignoreCase === true ? [text.toLowerCase(), lower] : [text, same]
  if (matcher.exact !== undefined) return own === other(matcher.exact)
  if (matcher.prefix !== undefined) return own.startsWith(other(matcher.prefix))
  if (matcher.suffix !== undefined) return own.endsWith(other(matcher.suffix))
  if (matcher.contains !== undefined) return own.includes(other(matcher.contains))
  return false
}

/** True if the expression (RE2) covers the whole text. */
export function regexMatches(regex: string, text: string): boolean {
  return RE2JS.compile(regex).matches(text)
}

/**
 * What a substitution makes of a text: every match is replaced, and `\1` stands for the first group.
 *
 * Source: envoy/type/matcher/v3/regex.proto, RegexMatchAndSubstitute.
 */
export function substitute({ pattern, substitution = '' }: envoy.type.matcher.v3.RegexMatchAndSubstitute, text: string): string {
  const matcher = RE2JS.compile(pattern?.regex ?? '').matcher(text)
  let result = ''
  let at = 0
  while (matcher.find()) {
    result += text.slice(at, matcher.start())
    result += substitution.replaceAll(/\\(\d|\\)/g, (_, of: string) => (of === '\\' ? '\\' : (matcher.group(Number(of)) ?? '')))
    at = matcher.end()
  }
  return result + text.slice(at)
}

/** What a matcher wants, in words that follow "is". */
export function describeMatcher(matcher: StringMatcher): string {
  const of = matcher.ignoreCase === true ? ' (in any case)' : ''
  if (matcher.safeRegex !== undefined) return `of the form ${matcher.safeRegex.regex ?? ''}`
  if (matcher.exact !== undefined) return `${JSON.stringify(matcher.exact)}${of}`
  if (matcher.prefix !== undefined) return `something that begins with ${JSON.stringify(matcher.prefix)}${of}`
  if (matcher.suffix !== undefined) return `something that ends with ${JSON.stringify(matcher.suffix)}${of}`
  if (matcher.contains !== undefined) return `something with ${JSON.stringify(matcher.contains)}${of}`
  return 'what an extension decides'
}

const same = (text: string): string => text
const lower = (text: string): string => text.toLowerCase()
