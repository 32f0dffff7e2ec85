/** `npm test [-- JEST ARGUMENTS]`: finds (or fetches) Envoy first, so that no test waits for a download. */
import { createRequire } from 'node:module'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { buildIfChanged } from '../lib/build.js'
import { runToEnd } from '../lib/run-to-end.js'

const envoy = await findEnvoy({ progress: (line) => console.error(line) })
console.error(`Envoy ${envoy.version}: ${envoy.path}`)
await buildIfChanged()

const jest = createRequire(import.meta.url).resolve('jest/bin/jest.js')
const env = {
  ...process.env,
  ENVOY_BIN: envoy.path,
  NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules --no-warnings=ExperimentalWarning`,
}
process.exitCode = await runToEnd(process.execPath, [jest, ...process.argv.slice(2)], { env })
