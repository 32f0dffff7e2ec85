/** What a run of the benchmark was asked for. */
import { parseArgs } from 'node:util'

/** The rows of the benchmark, in the order in which they are measured. */
const ROWS = ['flips', 'probe', 'bulk', 'cost', 'churn-probe', 'endpoint-roll', 'restart', 'churn', 'listener-sets'] as const

/** A row of the benchmark. */
export type Row = (typeof ROWS)[number]

/** The options of one peer's part of a run. */
export interface Options {
  /** Name of the peer, as in peers/. */
  readonly peer: string
  /** Most routes that exist at once. */
  readonly routes: number
  /** Routes that are created one by one at the beginning. */
  readonly oneByOne: number
  readonly rows: ReadonlySet<Row>
  /** Backend flips of each series. */
  readonly flips: number
  /** Flips 20 ms apart, each to a Service that is made for it. */
  readonly newServiceFlips: number
  readonly churnSeconds: number
  readonly listenerSets: number
  readonly minutesPerPeer: number
  /** Where the result is written. */
  readonly output: string
}

/**
 * Reads the options; numbers have defaults that suit a run of about 6 minutes a peer.
 *
 * @throws Error that says which option is wrong
 */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      peer: { type: 'string', default: 'headgate' },
      routes: { type: 'string', default: '1000' },
      'one-by-one': { type: 'string' },
      rows: { type: 'string', default: ROWS.join(',') },
      flips: { type: 'string', default: '50' },
      'new-service-flips': { type: 'string', default: '1000' },
      'churn-seconds': { type: 'string', default: '60' },
      'listener-sets': { type: 'string' },
      'minutes-per-peer': { type: 'string', default: '30' },
      output: { type: 'string', default: '' },
    },
  })
  const routes = count('routes', values.routes)
  return {
    peer: values.peer,
    routes,
    oneByOne: count('one-by-one', values['one-by-one'] ?? String(Math.floor(routes / 2))),
    rows: new Set(values.rows.split(',').map(asRow)),
    flips: count('flips', values.flips),
    newServiceFlips: count('new-service-flips', values['new-service-flips']),
    churnSeconds: count('churn-seconds', values['churn-seconds']),
    listenerSets: count('listener-sets', values['listener-sets'] ?? String(Math.ceil(routes / 20))),
    minutesPerPeer: count('minutes-per-peer', values['minutes-per-peer']),
    output: values.output,
  }
}

function count(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${option} needs a whole number from 1 on, not ${text}`)
  return value
}

function asRow(text: string): Row {
  const row = ROWS.find((each) => each === text)
  if (row === undefined) throw new Error(`there is no row ${text}; the rows are ${ROWS.join(', ')}`)
  return row
}
