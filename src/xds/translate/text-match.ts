import type { envoy } from '../../gen/envoy/types.js'
import type { TextMatch } from '../../ir/client.js'

/** Texts that match. */
export function textMatcher({ kind, value }: TextMatch): envoy.type.matcher.v3.StringMatcher {
  switch (kind) {
    case 'exact':
      return { exact: value }
    case 'prefix':
      return { prefix: value }
    case 'suffix':
      return { suffix: value }
    case 'regex':
      return { safeRegex: { regex: value } }
  }
}
