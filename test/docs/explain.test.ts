/** What docs/tasks/why-a-request.md prints is what gatewayctl says of its example. `UPDATE_GOLDEN=1` writes it there. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { runGatewayctl } from '../../src/cli/run-gatewayctl.js'

const file = join(import.meta.dirname, '..', '..', 'docs', 'tasks', 'why-a-request.md')
const page = readFileSync(file, 'utf8')
const CONSOLE = /^```console\n\$ gatewayctl explain (.*)\n([\s\S]*?)^```/gm
const CLASS = `
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: headgate }
spec: { controllerName: headgate.dev/gateway-controller }
`

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-docs-'))
  const [, yaml = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(page) ?? []
  writeFileSync(join(folder, 'class.yaml'), CLASS)
  writeFileSync(join(folder, 'page.yaml'), yaml)
})
afterAll(() => rmSync(folder, { recursive: true }))

it('prints what it is said to print', async () => {
  const commands = [...page.matchAll(CONSOLE)].map(([, command = '', output = '']) => ({ command, output }))
  expect(commands.length).toBeGreaterThan(3)
  const said = new Map<string, string>()
  for (const { command } of commands) said.set(command, await explain(command))
  if (process.env.UPDATE_GOLDEN === '1') {
    writeFileSync(
      file,
      page.replace(CONSOLE, (_, command: string) => `\`\`\`console\n$ gatewayctl explain ${command}\n${said.get(command)}\`\`\``),
    )
  }
  expect(commands).toEqual(commands.map(({ command }) => ({ command, output: said.get(command) })))
})

/** The output of a command, its words as a shell takes them. */
async function explain(command: string): Promise<string> {
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
  let text = ''
  await runGatewayctl(['explain', '-f', 'class.yaml', '-f', 'page.yaml', ...words], {
    out: (part) => {
      text += part
    },
    error: (part) => {
      text += part
    },
    isTerminal: false,
    now: () => 0,
    workingFolder: folder,
    environment: {},
  })
  return text
}
