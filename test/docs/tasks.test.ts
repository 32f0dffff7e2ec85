/**
 * Every page of docs/tasks: its YAML blocks together are a complete example, which a running Headgate with a real Envoy takes without a
 * complaint. Every page is in the list of docs/tasks/README.md.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { objectHealth, statusParts } from '../../src/cli/object-health.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'

const folder = join(import.meta.dirname, '..', '..', 'docs', 'tasks')
const pages = readdirSync(folder).filter((page) => page.endsWith('.md') && page !== 'README.md')

let headgate: Standalone | undefined
beforeAll(async () => {
  headgate = await startTestStandalone({ envoyPatches: true })
}, 60_000)
afterAll(() => headgate?.stop())

it.each(pages)(
  '%s shows an example that works',
  async (page) => {
    if (headgate === undefined) throw new Error('Headgate did not start')
    const blocks = [...readFileSync(join(folder, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => yaml)
    expect(blocks).not.toEqual([])
    await headgate.write('page', blocks.join('---\n'))
    expect(headgate.running.sources.problems()).toEqual([])
    const statuses = [...headgate.running.statuses.values()]
    const complaints = statuses.filter((status) => objectHealth(status) === 'problem').map((status) => [status.object, statusParts(status)])
    expect(complaints).toEqual([])
    expect(statuses.length).toBeGreaterThan(1)
  },
  60_000,
)

it('every page is in the list', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8')
  expect(pages.filter((page) => !list.includes(`](${page})`))).toEqual([])
})
