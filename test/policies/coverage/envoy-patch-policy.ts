/** Fields of Envoy Gateway's EnvoyPatchPolicy and where ours are. */
import { type FieldTable, SAME } from './field-table.js'

/** By the path below `spec` of theirs. */
export const ENVOY_PATCH_POLICY_FIELDS: FieldTable = {
  theirs: 'EnvoyPatchPolicy',
  ours: 'EnvoyPatchPolicy',
  fields: {
    type: SAME,
    'jsonPatches.type': SAME,
    'jsonPatches.name': SAME,
    'jsonPatches.operation.op': SAME,
    'jsonPatches.operation.path': SAME,
    'jsonPatches.operation.jsonPath': SAME,
    'jsonPatches.operation.from': SAME,
    'jsonPatches.operation.value': SAME,
    targetRef: SAME,
    priority: SAME,
  },
}
