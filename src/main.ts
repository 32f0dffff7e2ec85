/** The program `headgate`. */
import { onClosedOutput } from './config/closed-output.js'
import { useDefaultFlags } from './config/default-flags.js'
import { endProgram } from './config/end-program.js'

// Proxies are served on, whether or not somebody reads what is said about it.
onClosedOutput(() => {})
const onLoaded = useDefaultFlags(process.execArgv)
const { runProgram } = await import('./program.js')
endProgram(await runProgram(process.argv.slice(2), { programFolder: import.meta.dirname, onLoaded }))
