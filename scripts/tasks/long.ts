/** `npm run long [-- JEST ARGUMENTS]`: tests that wait for minutes, such as streams that are silent for longer than others may be. */
import { runJest } from '../lib/jest.js'

process.exitCode = await runJest(['--config', 'test/long/jest.config.js', ...process.argv.slice(2)])
