/** The program `headgate`. */
import { useDefaultFlags } from './config/default-flags.js'
import { endProgram } from './config/end-program.js'

const onLoaded = useDefaultFlags(process.execArgv)
const { runProgram } = await import('./program.js')
endProgram(await runProgram(process.argv.slice(2), { programFolder: import.meta.dirname, onLoaded }))
