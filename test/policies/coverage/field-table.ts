/** What each field of a kind of Envoy Gateway's extension API (v1.9.0) is here. */

/** The fields of one kind of theirs. */
export interface FieldTable {
  /** Their kind. */
  readonly theirs: string
  /** Our kind that has most of them. */
  readonly ours: string
  /** By the path below `spec` of theirs; lists add nothing to a path. */
  readonly fields: Readonly<Record<string, FieldAnswer>>
}

/**
 * `SAME`: the same path of our kind. A path: another one below `spec` of our kind, or with a kind before it (`GatewayConfig logging.level`)
 * below `spec` of that kind. `OPEN`: nobody has answered yet. An exception: why we do not have it.
 */
export type FieldAnswer = typeof SAME | typeof OPEN | string | { readonly exception: string }

/** Ours has the same path. */
export const SAME = '='

/** Not answered yet. */
export const OPEN = '?'

/** Why fields are left out that their own documentation leaves out. */
export const HIDDEN = 'It is there in their types and hidden in their API: nothing is implemented behind it.'

/** Why targets are not selected elsewhere. */
export const OWN_NAMESPACE =
  'Targets are selected in the namespace of the policy; those elsewhere are named by targetRefs, and a ReferenceGrant there must allow it.'

/** Why nothing takes fingerprints of backends. */
export const FINGERPRINTS = 'Fingerprints are taken of handshakes that clients begin; towards backends Envoy takes none.'

/** A field of theirs and what it is here. */
export interface CoverageRow {
  readonly theirs: string
  readonly kind: string
  /** `Kind path` of ours, as tests name it; undefined where there is none. */
  readonly ours?: string
  readonly exception?: string
}

/** The rows of a table. */
export function coverageRows({ theirs, ours, fields }: FieldTable): readonly CoverageRow[] {
  return Object.entries(fields).map(([path, answer]) => {
    const row = { theirs: path, kind: theirs }
    if (typeof answer !== 'string') return { ...row, exception: answer.exception }
    if (answer === OPEN) return row
    if (answer === SAME) return { ...row, ours: `${ours} ${path}` }
    return { ...row, ours: answer.includes(' ') ? answer : `${ours} ${answer}` }
  })
}
