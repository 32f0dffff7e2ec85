/** The program `gatewayctl`. */
import { runGatewayctl } from './run-gatewayctl.js'

const stop = new AbortController()
process.once('SIGINT', () => stop.abort())

process.exitCode = await runGatewayctl(process.argv.slice(2), {
  environment: process.env,
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY === true,
  now: Date.now,
  workingFolder: process.env.INIT_CWD ?? process.cwd(),
  signal: stop.signal,
})
