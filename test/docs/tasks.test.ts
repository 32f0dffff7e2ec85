/**
 * Every page of docs/tasks: its YAML blocks together are a complete example, which a running Headgate with a real Envoy takes without a
 * complaint. Every page is in the list of docs/tasks/README.md.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { objectHealth, statusParts } from '../../src/cli/object-health.js'
import type { ObjectStatus } from '../../src/gatewayapi/object-status.js'
import { eventually } from '../support/eventually.js'
import { startBackend } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'
import { type Elsewhere, startElsewhere } from './elsewhere.js'

const folder = join(import.meta.dirname, '..', '..', 'docs', 'tasks')
const pages = readdirSync(folder).filter((page) => page.endsWith('.md') && page !== 'README.md')

let headgate: Standalone | undefined
let elsewhere: Elsewhere | undefined
beforeAll(async () => {
  elsewhere = await startElsewhere()
  // To the letter: what stands on the page, and nothing else.
  headgate = await startTestStandalone({ envoyPatches: true }, { class: '# no class' })
}, 60_000)
afterAll(async () => {
  await headgate?.stop()
  await elsewhere?.close()
})

it.each(pages)(
  '%s shows an example that works',
  async (page) => {
    if (headgate === undefined) throw new Error('Headgate did not start')
    const blocks = [...readFileSync(join(folder, page), 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, yaml = '']) => yaml)
    expect(blocks).not.toEqual([])
    const { running } = headgate
    await headgate.write('page', elsewhere?.standFor(blocks.join('---\n')) ?? '')
    expect(running.sources.problems()).toEqual([])
    // What is fetched may come a moment later.
    await eventually(() => {
      const statuses = [...running.statuses.values()]
      const isWaitedFor = (status: ObjectStatus): boolean =>
        statusParts(status).some(({ conditions }) => conditions.some(({ type, reason }) => type === 'Accepted' && reason === 'Pending'))
      const complaints = statuses
        .filter((status) => objectHealth(status) === 'problem' || isWaitedFor(status))
        .map((status) => [status.object, statusParts(status)])
      expect(complaints).toEqual([])
      expect(statuses.length).toBeGreaterThan(1)
    })
  },
  60_000,
)

it('the list says how a Service of the pages gets an endpoint on a laptop', async () => {
  if (headgate === undefined) throw new Error('Headgate did not start')
  const [, slice = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(readFileSync(join(folder, 'README.md'), 'utf8')) ?? []
  const [, objects = ''] = /^```yaml\n([\s\S]*?)^```/m.exec(readFileSync(join(folder, 'rate-limits.md'), 'utf8')) ?? []
  const backend = await startBackend('mine')
  await headgate.write('page', `${objects}---\n${slice.replace('3000', String(backend.port))}`)
  expect(await headgate.send('default/shop', 80, {})).toMatchObject({ status: 200, echo: { backend: 'mine' } })
  await backend.close()
}, 60_000)

it('every page is in the list', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8')
  expect(pages.filter((page) => !list.includes(`](${page})`))).toEqual([])
})
