/** `npm run typecheck`: the compiler over everything, without output files. */
import { runToEnd } from '../lib/run-to-end.js'
import { taskArguments } from '../lib/task-arguments.js'

taskArguments({})
process.exitCode = await runToEnd('tsc', ['-p', '.'])
