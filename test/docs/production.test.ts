/** docs/production.md knows every alert of the chart. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'

const read = (...names: readonly string[]): string => readFileSync(join(import.meta.dirname, '..', '..', ...names), 'utf8')

it('says of every alert what to do', () => {
  const alerts = [...read('charts', 'headgate', 'templates', 'prometheusrule.yaml').matchAll(/"alert" "(\w+)"/g)].map(([, name]) => name)
  const explained = [...read('docs', 'production.md').matchAll(/^\| `(Headgate\w+)` \| \S/gm)].map(([, name]) => name)
  expect(explained).toEqual(alerts)
  expect(alerts.length).toBeGreaterThan(10)
})
