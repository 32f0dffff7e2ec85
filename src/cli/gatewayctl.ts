/** The program `gatewayctl`. */
import { endOnUnwritable } from '../config/unwritable-output.js'
import { runGatewayctl } from './run-gatewayctl.js'

endOnUnwritable()

process.exitCode = await runGatewayctl(process.argv.slice(2), {
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  now: Date.now,
  workingFolder: process.env.INIT_CWD ?? process.cwd(),
})
