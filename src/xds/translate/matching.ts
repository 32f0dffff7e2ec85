/** Parts of the matchers of Envoy's matching API (`xds.type.matcher.v3`), whose regular expressions are not those of `envoy.type.matcher.v3`. */
import type { envoy, xds } from '../../gen/envoy/types.js'
import type { TextMatch } from '../../ir/client.js'
import { any } from '../message.js'
import { literalMatcher } from './text-match.js'

/** True or false of a request, an answer or a connection. */
export type Predicate = xds.type.matcher.v3.Matcher.MatcherList.Predicate

/** The action that leaves a filter out. */
export const SKIP_FILTER: xds.type.matcher.v3.Matcher.OnMatch = {
  action: { name: 'skip', typedConfig: any('envoy.extensions.filters.common.matcher.action.v3.SkipFilter', {}) },
}

/** True where the input is such a text. */
export function inputIs(input: envoy.config.core.v3.TypedExtensionConfig, match: TextMatch): Predicate {
  return { singlePredicate: { input, valueMatch: textMatcher(match) } }
}

function textMatcher({ kind, value }: TextMatch): xds.type.matcher.v3.StringMatcher {
  return kind === 'regex' ? { safeRegex: { googleRe2: {}, regex: value } } : literalMatcher(kind, value)
}
