/** `npm test [-- JEST ARGUMENTS]`: unit, golden and feature tests, and those with the real Envoy. */
import { runJest } from '../lib/jest.js'

process.exitCode = await runJest(process.argv.slice(2))
