/** `npm run xds-clients [-- GO TEST ARGUMENTS]`: the ADS server against clients that others wrote, in Go. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { buildIfChanged } from '../lib/build.js'

interface TestEvent {
  readonly Action: string
  readonly Test?: string
  readonly Output?: string
}

const envoy = await findEnvoy({ progress: (line) => console.error(line) })
await buildIfChanged()

const go = spawn('go', ['test', '-json', '-count=1', '-timeout=20m', './...', ...process.argv.slice(2)], {
  cwd: join(import.meta.dirname, '..', '..', 'conformance', 'xds'),
  env: { ...process.env, ENVOY_BIN: envoy.path, GOTOOLCHAIN: 'go1.27.4' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const results = { pass: 0, fail: 0 }
createInterface({ input: go.stdout }).on('line', (line) => {
  const event = eventOf(line)
  if (event === undefined) console.log(line)
  else if (event.Output !== undefined) process.stdout.write(event.Output)
  else if (event.Test !== undefined && (event.Action === 'pass' || event.Action === 'fail')) results[event.Action] += 1
})
go.on('error', (error) => {
  console.error(`Go is needed: ${error.message}`)
  process.exitCode = 1
})
go.on('close', (code) => {
  // A test that could not be compiled is no test of the list: the code says it.
  const failed = code === 0 ? results.fail : Math.max(results.fail, 1)
  console.log(`${results.pass} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
})

/** Compiler messages are no JSON. */
function eventOf(line: string): TestEvent | undefined {
  try {
    return JSON.parse(line) as TestEvent
  } catch {
    return undefined
  }
}
