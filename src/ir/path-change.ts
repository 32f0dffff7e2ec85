/** How a path is replaced, in a redirect or a rewrite. */
export type PathChange =
  | { readonly kind: 'fullPath'; readonly value: string }
  /** Replaces the matched prefix; never yields `//` (see the translator). Only with a prefix match. */
  | { readonly kind: 'prefix'; readonly value: string }
  /** RE2 substitution over the whole path. */
  | { readonly kind: 'regex'; readonly pattern: string; readonly substitution: string }
