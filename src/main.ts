/** The program `headgate`. */

import { useDefaultFlags } from './config/default-flags.js'
import { endProgram } from './config/end-program.js'
import { dropUnwritable } from './config/unwritable-output.js'

// Proxies are served on, whether or not somebody reads what is said about it.
dropUnwritable()
const onLoaded = useDefaultFlags(process.execArgv)
const { runProgram } = await import('./program.js')
endProgram(await runProgram(process.argv.slice(2), { programFolder: import.meta.dirname, onLoaded }))
