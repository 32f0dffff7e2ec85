/** References that are made from the program itself. `UPDATE_GOLDEN=1 npm test -- test/docs` writes them anew. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import type { Command } from 'commander'
import { gatewayctlProgram } from '../../src/cli/program.js'
import { headgateCommand } from '../../src/config/command-line.js'
import { createMetrics } from '../../src/telemetry/metrics.js'

const folder = join(import.meta.dirname, '..', '..', 'docs', 'reference')

it.each([
  { file: 'cli.md', text: async () => commands() },
  { file: 'metrics.md', text: metrics },
])('docs/reference/$file says what the program does', async ({ file, text }) => {
  const path = join(folder, file)
  const generated = await text()
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(path, generated)
  expect(existsSync(path) ? readFileSync(path, 'utf8') : 'UPDATE_GOLDEN=1 writes this file').toBe(generated)
})

/** The help of both programs and of every command. */
function commands(): string {
  const gatewayctl = gatewayctlProgram(
    {
      environment: {},
      out: () => {},
      error: () => {},
      isTerminal: false,
      now: () => 0,
      workingFolder: '.',
    },
    () => {},
  )
  const sections = [headgateCommand(), gatewayctl, ...gatewayctl.commands].map((command) => {
    const name = command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`
    return `## ${name}\n\n\`\`\`\n${helpOf(command)}\n\`\`\`\n`
  })
  return `# Command line\n\nMade from the programs themselves: this is what \`--help\` prints.\n\n${sections.join('\n')}`
}

function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({
    writeOut: (part) => {
      text += part
    },
    getOutHelpWidth: () => 120,
  })
  command.outputHelp()
  return text.trimEnd()
}

/** Name, kind, labels and help of every metric of ours. */
async function metrics(): Promise<string> {
  const { registry, exportCounts } = createMetrics('0.0.0')
  exportCounts({ objects: () => [], encodes: new Map(), responses: new Map(), bytes: new Map() })
  const own = (await registry.getMetricsAsJSON()).filter(({ name }) => name.startsWith('headgate_'))
  const rows = own.map(({ name, type, help }) => `| \`${name}\` | ${type} | ${help} |`)
  return `# Metrics

\`GET /metrics\` of the admin server (with Kubernetes: of \`--metrics-address\`) answers in the text format of Prometheus. Besides
these there are those of the process, of Node and of its event loop (\`process_*\`, \`nodejs_*\`). \`nodejs_eventloop_lag_*\` is what passes
between two ticks of a timer of 100 ms, these included.

| name | kind | what it says |
| --- | --- | --- |
${rows.join('\n')}

Envoys answer \`GET /stats/prometheus\` on their pod port themselves; [kept-stats.ts](../../envoy/kept-stats.ts) lists what they keep.
`
}
