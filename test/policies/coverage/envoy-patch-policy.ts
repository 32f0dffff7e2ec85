/** Fields of Envoy Gateway's EnvoyPatchPolicy and where ours are. */
import { type FieldTable, OPEN } from './field-table.js'

/** By the path below `spec` of theirs. */
export const ENVOY_PATCH_POLICY_FIELDS: FieldTable = {
  theirs: 'EnvoyPatchPolicy',
  ours: 'EnvoyPatchPolicy',
  fields: {
    type: OPEN,
    'jsonPatches.type': OPEN,
    'jsonPatches.name': OPEN,
    'jsonPatches.operation.op': OPEN,
    'jsonPatches.operation.path': OPEN,
    'jsonPatches.operation.jsonPath': OPEN,
    'jsonPatches.operation.from': OPEN,
    'jsonPatches.operation.value': OPEN,
    targetRef: OPEN,
    priority: OPEN,
  },
}
