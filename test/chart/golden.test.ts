/**
 * The manifests that the chart renders for the values in charts/headgate/tests, compared with the files beside them.
 * `UPDATE_GOLDEN=1 npm test -- test/chart` writes them anew: read the difference before you commit it.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { BUILD_TIMEOUT_MS, CHART, Helm } from './helm.js'

const folder = join(CHART, 'tests')
const cases = readdirSync(folder)
  .filter((file) => file.endsWith('.values.yaml'))
  .map((file) => file.slice(0, -'.values.yaml'.length))

let helm: Helm
beforeAll(async () => {
  helm = await Helm.find()
}, BUILD_TIMEOUT_MS)

describe('the chart', () => {
  it.each(cases)('renders %s as before', async (name) => {
    const rendered = await helm.render('--values', join(folder, `${name}.values.yaml`))
    const golden = join(folder, `${name}.golden.yaml`)
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, rendered)
    expect(rendered).toBe(readFileSync(golden, 'utf8'))
  })

  it.each(cases)('passes the strict linter with %s', async (name) => {
    await expect(helm.run('lint', '--strict', CHART, '--values', join(folder, `${name}.values.yaml`))).resolves.toContain(
      '1 chart(s) linted, 0 chart(s) failed',
    )
  })
})
