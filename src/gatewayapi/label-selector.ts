/** Selection by labels. Source: `metav1.LabelSelector`. */
import type { LabelSelector } from './model.js'

/**
 * True if labels meet every part of a selector. An empty selector selects everything; an operator that does not exist selects nothing.
 *
 * @param labels labels of the object; undefined where it has none
 */
export function selectorMatches(selector: LabelSelector, labels: Readonly<Record<string, string>> | undefined): boolean {
  const has = (key: string): boolean => labels !== undefined && Object.hasOwn(labels, key)
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => has(key) && labels?.[key] === value) &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const within = has(key) && values.includes(labels?.[key] ?? '')
      switch (operator) {
        case 'In':
          return within
        case 'NotIn':
          return !within
        case 'Exists':
          return has(key)
        case 'DoesNotExist':
          return !has(key)
        default:
          return false
      }
    })
  )
}
