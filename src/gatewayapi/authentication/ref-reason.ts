/** Reasons of conditions of routes, in the words of policies. */
export function refReason(reason: string): string {
  return reason === 'BackendNotFound' ? 'RefNotFound' : reason
}
