/** How a server asks who we are. Source: RFC 9110, section 11.6.1; "Token Authentication Specification" of the distribution project. */

/** Whom to ask for a token, or that a name and a password are enough. */
export type Challenge =
  | { readonly kind: 'bearer'; readonly realm: string; readonly service: string | undefined; readonly scope: string | undefined }
  | { readonly kind: 'basic' }

/** The challenge of a header `WWW-Authenticate` that we can answer; tokens come first. */
export function readChallenge(header: string): Challenge | undefined {
  const [, parameters] = /\bbearer\s+(.*)$/i.exec(header) ?? []
  const of = (name: string): string | undefined => new RegExp(`(?:^|[\\s,])${name}="([^"]*)"`, 'i').exec(parameters ?? '')?.[1]
  const realm = of('realm')
  if (realm !== undefined && URL.canParse(realm)) return { kind: 'bearer', realm, service: of('service'), scope: of('scope') }
  return /\bbasic\b/i.test(header) ? { kind: 'basic' } : undefined
}
