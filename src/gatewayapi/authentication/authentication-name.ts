/** The name of what one half of a SecurityPolicy asks for. It stays the same while the policy changes. */
export function authenticationName(policyKey: string, half: 'settings' | 'overrides'): string {
  return `SecurityPolicy/${policyKey}${half === 'settings' ? '' : '/overrides'}`
}
