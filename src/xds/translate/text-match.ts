import type { envoy } from '../../gen/envoy/types.js'
import type { TextMatch } from '../../ir/client.js'

type LiteralMatcher = { readonly exact: string } | { readonly prefix: string } | { readonly suffix: string }

/** Texts that match. */
export function textMatcher({ kind, value }: TextMatch): envoy.type.matcher.v3.StringMatcher {
  return kind === 'regex' ? { safeRegex: { regex: value } } : literalMatcher(kind, value)
}

/** The same for all but regular expressions: in both APIs of Envoy that match texts. */
export function literalMatcher(kind: Exclude<TextMatch['kind'], 'regex'>, value: string): LiteralMatcher {
  switch (kind) {
    case 'exact':
      return { exact: value }
    case 'prefix':
      return { prefix: value }
    case 'suffix':
      return { suffix: value }
  }
}
