/** What is said of a group of listeners as a whole: of those of a Gateway, or of a ListenerSet. */
import type { Problem } from '../conditions.js'
import type { ListenerState } from './listener-states.js'

/** How many listeners of a group are valid. */
export type Validity = 'all' | 'some' | 'none'

/** True if a listener can be served. What Envoy says of it later is told by `Programmed`. */
function isValid(state: ListenerState): boolean {
  return state.serves || (state.declared.refused !== undefined && state.accepted === undefined)
}

/** How many of some listeners are valid. */
export function validity(states: readonly ListenerState[]): Validity {
  const valid = states.filter(isValid).length
  return valid === 0 ? 'none' : valid < states.length ? 'some' : 'all'
}

/** Says which listeners are not valid, and which are. */
export function listenersNotValid(states: readonly ListenerState[]): Problem {
  const names = (valid: boolean) =>
    states
      .filter((state) => isValid(state) === valid)
      .map((state) => `"${state.declared.spec.name}"`)
      .join(', ')
  const rest = validity(states) === 'none' ? 'no listener is left' : `valid: ${names(true)}`
  return { reason: 'ListenersNotValid', message: `Not valid: ${names(false)}; ${rest}. Their own conditions say why.` }
}
