/** The page about the benchmark, and its table for a terminal. */
import type { PeerResult } from '../result.js'
import { number } from './format.js'
import { rowsOf } from './table.js'
import type { TableRow } from './table-row.js'

/** The cells of the table, heads first: what, one column for each result, the goal. */
function cells(results: readonly PeerResult[], isWanted: (row: TableRow) => boolean = () => true): readonly (readonly string[])[] {
  return [
    ['work', ...results.map(({ title, version }) => `${title} ${version}`), 'goal'],
    ...rowsOf(results)
      .filter(isWanted)
      .map(({ work, goal, cell }) => [work, ...results.map((result) => cell(result) ?? '–'), goal]),
  ]
}

/** The table with columns that stand under each other. */
export function printTable(results: readonly PeerResult[]): string {
  const rows = cells(results).map((row) => row.map((cell) => cell.replaceAll('`', '')))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** The rows that matter most, and at which load they were measured, as Markdown. */
export function excerpt(results: readonly PeerResult[]): string {
  const loads = results.map(({ title, loadBefore }) => `${title} ${loadBefore.toFixed(1)}`).join(', ')
  const when = [...new Set(results.map(({ date }) => date.slice(0, 10)))].join(' and ')
  const table = markdown(cells(results, ({ isHeadline }) => isHeadline === true))
  const commands = [...new Set(results.map(({ command }) => `\`${command}\``))].join(' and ')
  const measured = `Measured ${when} by ${commands} on ${results[0]?.cores ?? 0} cores; load of the machine in the minute before: ${loads}.`
  return `${table}\n\n${measured}${ofOneProgram(results)}${caution(results)}`
}

/** Which of them are controller and proxy in one. */
function ofOneProgram(results: readonly PeerResult[]): string {
  const found = results.filter(({ memory }) => memory.some(({ proxyMb }) => proxyMb === undefined)).map(({ title }) => title)
  return found.map((title) => ` ${title} is one program, which answers requests itself without an Envoy.`).join('')
}

/** A load of so much more is another machine. Up to so much more than there are cores, it is what the peer measured before has left behind. */
const SAME_LOAD = 2

function caution(results: readonly PeerResult[]): string {
  const loads = results.map(({ loadBefore }) => loadBefore)
  const highest = Math.max(...loads)
  if (highest - Math.min(...loads) <= SAME_LOAD || highest <= (results[0]?.cores ?? 0) + SAME_LOAD) return ''
  return ' Other work kept the machine unequally busy: do not compare times before all were measured in one invocation.'
}

function markdown([heads = [], ...rows]: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/**
 * The page as Markdown.
 *
 * @param more parts that stand behind the tables
 * @param root how links of the page reach the root of the repository
 */
export function readme(results: readonly PeerResult[], plots: readonly string[], more: readonly string[] = [], root = '../..'): string {
  const runs = results.map((result) => {
    const missing = result.missing.map(({ row, reason }) => ` Missing: ${row} (${reason}).`).join('')
    const when = `${result.date.slice(0, 16).replace('T', ' ')} UTC, ${number(result.tookSeconds)} s on ${result.cores} cores`
    return `* ${result.title} ${result.version}: ${when}, load of the machine in the minute before ${result.loadBefore.toFixed(1)}; \`${result.command}\`.${missing}`
  })
  const pictures = plots.map((plot) => `![${plot.replace('.svg', '')}](${plot})`)
  return `${[`${HEAD}${caution(results)}`, markdown(cells(results)), ...pictures, ...more, RUNS, runs.join('\n'), method(root)].join('\n\n')}\n`
}

const HEAD = `# Benchmarks

Written by \`npm run bench:cluster\` from the JSON files beside this page; change those by running it, and nothing by hand. Compare columns,
not digits: the whole cluster, the client and everything that is measured share the same cores.`

const RUNS = `## The runs`

const method = (root: string): string => `## Do it yourself

Linux, root, no container engine; the first run builds Kubernetes and the peers, which takes a while, and keeps them.

\`\`\`
npm run bench:cluster -- --peer headgate,envoy-gateway,contour,traefik --routes 1000 --minutes-per-peer 10   # at most 45 minutes
npm run bench:cluster -- --routes 10000 --one-by-one 3000 --churn-seconds 600 --listener-sets 2500 --minutes-per-peer 40 --to docs/benchmarks/scale   # further up
npm run bench:cluster -- --rows probe,bulk --one-by-one 3000 --routes 3000   # some of the rows
npm run bench:memory   # the controller's memory and cold start, without a cluster
npm run bench:ads   # 1,000 simulated proxies at one controller
npm run bench:floor   # what Envoy alone needs
\`\`\`

## How it is measured

* Each peer gets a fresh cluster of one node ([conformance/cluster](${root}/conformance/cluster/README.md)): its program is built from its Go
  module, its chart or manifests come from there, too, with the CRDs in them, and one replica of the controller. All run the same Envoy, one
  per Gateway, but Traefik: it is one program that reads the API and answers requests itself, from the manifests of its documentation. What
  is said of the controller is said of all of it, and to replace the controller is to replace what answers. What else they come with stays
  as it is: Traefik takes on a configuration every two seconds at most, and writes five statuses a second before it does.
* A route has a host of its own, one rule, one Service, one response header. Timers start when the API server has answered the write, and
  end with the first 200; the client asks again a millisecond after each wrong answer, on one connection. A route that does not serve
  within 30 s is a stall: the series ends there. It ends, too, when it has taken a quarter of the peer's time (one more: a fifteenth): then
  the cell says of how many routes it tells.
* Answers are counted, all of them. A 404 before the first 200 of a route is how a proxy says that it does not have it yet.
* At once: 20 writes are on their way at any time; four clients follow them in their order and ask each route until it has answered 200.
  When some have not three minutes after the last write, or after a fifth of the peer's time, that is a stall, and no more routes are added.
* Flips: one route turns to another Service of the same pods; to new clusters: each flip to a Service that no route names, of 50; to a Service
  made for it: 125 of them are made together, a second before the first of their flips, and go when the next 125 have had theirs. Four
  connections ask without pause until two seconds after the last flip. Where fewer flips were seen in answers than there were, the others
  were overtaken.
* One more while others change: in a churn of 10 route changes and two endpoint changes a second, over all routes. This, and replacing the
  controller, is measured at 5,000 routes by runs that have so many; a run with fewer measures it at its end.
* Memory is the resident memory of the controller's processes when they have been idle for a moment; of Contour that of \`contour\`, without
  its provisioner. The routes that were created one by one before have been deleted by then. Processor time is theirs over 40 changes two a second, less what they use without changes.
* Bytes to each Envoy are counted at its network interface: payload, frames and acknowledgements.
* The controller is replaced by deleting its pod. When that is gone, a new route is written: what is measured is from the deletion until
  it serves.
* Event loop: how much later than it should a timer of the controller fires, as its own metric \`nodejs_eventloop_lag_p99_seconds\` says; the
  median of what was read each second. Programs without an event loop have none.`
