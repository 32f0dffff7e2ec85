/** `npm run typecheck`: the compiler over everything, without output files. */
import { runToEnd } from '../lib/run-to-end.js'

process.exitCode = await runToEnd('tsc', ['-p', '.'])
