/** Where a value stands in an object, and how people write that down. */

/** Field names and list indices from the root of the object. */
export type FieldPath = readonly (string | number)[]

/** `spec.rules[0].matches`; keys that are no plain names stand in brackets: `metadata.labels[app.kubernetes.io/name]`. */
export function formatFieldPath(path: FieldPath): string {
  let text = ''
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`
    else text += `[${step}]`
  }
  return text
}
