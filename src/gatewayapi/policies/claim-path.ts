/**
 * Where a claim stands in a token: names from the outside in. A name with a slash is one name whatever dots it has, as the URLs are that many
 * issuers want for claims of one's own.
 */
export function claimPath(name: string): readonly string[] {
  return name.includes('/') ? [name] : name.split('.')
}
