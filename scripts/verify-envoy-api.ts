/**
 * Compares every message, field number, type and enum value in `src/gen/envoy` with an Envoy binary, which carries its own descriptors.
 *
 * `tsx scripts/verify-envoy-api.ts [ENVOY]`: without an argument the Envoy that Headgate would run. Ends with 1 on a difference.
 */
import { join } from 'node:path'
import { findEnvoy } from '../envoy/find-envoy.js'
import { readBinaryDescriptors } from './envoy-api/binary-descriptors.js'
import { compareApi } from './envoy-api/compare.js'
import { loadEnvoyApi } from './envoy-api/load.js'

const [named] = process.argv.slice(2)
const envoy = await findEnvoy({ ...(named === undefined ? {} : { path: named }), progress: (line) => console.error(line) })
const files = readBinaryDescriptors(envoy.path)
const differences = compareApi(loadEnvoyApi(join(import.meta.dirname, '..')), files.values())
for (const { kind, name, ours, theirs } of differences) {
  console.log(theirs === undefined ? `${kind}: ${name} (${ours})` : `${kind}: ${name} is ${ours} here and ${theirs} in Envoy`)
}
console.log(
  `Envoy ${envoy.version}, ${files.size} files: ${differences.length === 0 ? 'no difference' : `${differences.length} differences`}`,
)
process.exitCode = differences.length === 0 ? 0 : 1
