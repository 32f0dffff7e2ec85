/** What `npm run bench:ads` has measured, as a part of the page: many proxies at one controller need no cluster, and no peer has part in it. */
import { duration, number } from './format.js'

/** The report of `npm run bench:ads`, as far as the page tells it. */
export interface AdsReport {
  readonly commit: string
  readonly date: string
  readonly command: string
  readonly figures: {
    readonly streams: number
    readonly resources: number
    readonly connectSeconds: number
    readonly connectRssMib: number
    readonly connectEventLoopP99Ms: number
    readonly changeP50Ms: number
    readonly changeP99Ms: number
    readonly changesRssMib: number
    readonly changesEventLoopP99Ms: number
    readonly bytesPerClientAndChange: number
    readonly encodesPerChange: number
    readonly reconnectSeconds: number
    readonly reconnectRssMib: number
    readonly reconnectEventLoopP99Ms: number
    readonly bytesSentAgain: number
  }
}

/** The part of the page, as Markdown. */
export function simulatedProxies({ commit, date, command, figures }: AdsReport): string {
  const rows = [
    [
      'all connect and get everything',
      duration(figures.connectSeconds * 1000),
      mib(figures.connectRssMib),
      duration(figures.connectEventLoopP99Ms),
    ],
    [
      `one change, until a proxy has it: p50 / p99 (${number(figures.bytesPerClientAndChange)} bytes to each, encoded ${times(figures.encodesPerChange)})`,
      `${duration(figures.changeP50Ms)} / ${duration(figures.changeP99Ms)}`,
      mib(figures.changesRssMib),
      duration(figures.changesEventLoopP99Ms),
    ],
    [
      `all connect again (${number(figures.bytesSentAgain)} bytes of resources sent again)`,
      duration(figures.reconnectSeconds * 1000),
      mib(figures.reconnectRssMib),
      duration(figures.reconnectEventLoopP99Ms),
    ],
  ]
  const head = ['work', 'time', 'memory of the controller', 'event loop, p99 of its delay']
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
  return `## ${number(figures.streams)} simulated proxies

One controller of this project with ${number(figures.resources)} resources, and so many proxies on the same cores: ${date}, ${commit.slice(0, 12)}, \`${command}\`.

${table}`
}

const mib = (value: number): string => `${number(value)} MiB`

const times = (count: number): string => (count === 1 ? 'once' : `${number(count)} times`)
