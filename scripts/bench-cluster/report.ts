/**
 * Writes a page and plots from the results beside them, and prints the table. The argument is the folder; from docs/benchmarks the most
 * important rows go into the README of the project, too.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { PEERS } from './peers/index.js'
import { bulkPlot } from './report/bulk-plot.js'
import { excerpt, printTable, readme } from './report/page.js'
import { propagationPlot } from './report/propagation-plot.js'
import { type AdsReport, simulatedProxies } from './report/simulated-proxies.js'
import type { PeerResult } from './result.js'

const repository = join(import.meta.dirname, '..', '..')
const published = join(repository, 'docs', 'benchmarks')
const folder = resolve(process.argv[2] ?? published)
const files = PEERS.map(({ name }) => join(folder, `${name}.json`)).filter((file) => existsSync(file))
const results = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as PeerResult)
const plots = { 'propagation.svg': propagationPlot(results), 'bulk.svg': bulkPlot(results) }
for (const [name, plot] of Object.entries(plots)) if (plot !== undefined) writeFileSync(join(folder, name), plot)
const drawn = Object.entries(plots).flatMap(([name, plot]) => (plot === undefined ? [] : [name]))
const more = folder === published ? adsPart(join(repository, 'docs', 'reports', 'bench-ads.json')) : []
writeFileSync(join(folder, 'README.md'), readme(results, drawn, more, relative(folder, repository)))
if (folder === published) {
  const file = join(repository, 'README.md')
  const block = /(<!-- bench:cluster -->\n).*?(\n<!-- end of bench:cluster -->)/s
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace(block, (_, start: string, end: string) => `${start}\n${excerpt(results)}\n${end}`),
  )
}
console.log(printTable(results))

/** The part about simulated proxies; nothing if that benchmark has not come to its end. */
function adsPart(file: string): readonly string[] {
  if (!existsSync(file)) return []
  const report = JSON.parse(readFileSync(file, 'utf8')) as Omit<AdsReport, 'figures'> & Partial<AdsReport>
  return report.figures === undefined ? [] : [simulatedProxies({ ...report, figures: report.figures })]
}
