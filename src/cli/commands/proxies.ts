/** `gatewayctl proxies`: which proxies are connected and whether they run what they should. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AllReplicas } from '../../admin/all-replicas.js'
import { compareText } from '../../util/compare-text.js'
import type { ProxyDelivery, TypeDelivery } from '../../xds/delivery.js'
import { EXIT, NoAnswerError } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { printDuration } from '../output/duration.js'
import { printValue } from '../output/print.js'
import { printTable } from '../output/table.js'
import { proxyTrouble } from '../proxy-trouble.js'
import { replicaColumn, silentReplicas } from '../replicas.js'

/** How proxies are shown. */
export interface ProxiesOptions extends OutputOptions {
  readonly watch: boolean
}

const WATCH_MILLISECONDS = 1_000
const CLEAR_TERMINAL = '\u001b[2J\u001b[H'

/** Prints the proxies that are connected to any replica; 3 where one does not answer. With `--watch` again and again, also while Headgate is started anew. */
export async function proxiesCommand(context: CliContext, options: ProxiesOptions): Promise<number> {
  let last = ''
  while (true) {
    try {
      const proxies = await context.client.proxies()
      const text = printValue(options.output, proxies.found, () => printProxies(proxies, context))
      const silent = silentReplicas(proxies)
      const repaints = options.watch && context.isTerminal
      if (repaints || text + silent !== last) {
        context.out(repaints ? `${CLEAR_TERMINAL}${text}` : text)
        context.error(silent)
      }
      last = text + silent
      if (!options.watch) return silent === '' ? EXIT.ok : EXIT.findings
    } catch (error) {
      if (!(error instanceof NoAnswerError) || last === '') throw error
      if (error.message !== last) context.error(`${error.message}\n`)
      last = error.message
    }
    await sleep(WATCH_MILLISECONDS)
  }
}

function printProxies(proxies: AllReplicas<ProxyDelivery>, { style, now }: CliContext): string {
  return printTable(
    [
      { title: 'PROXY', cell: ({ node, peer }: AllReplicas<ProxyDelivery>['found'][number]) => (node === '' ? peer : node) },
      { title: 'GROUP', cell: ({ group }) => group },
      ...replicaColumn(proxies),
      { title: 'ENVOY', cell: ({ userAgent }) => userAgent.replace(/^envoy\//, '') },
      { title: 'PROTOCOL', cell: ({ protocol }) => protocol },
      { title: 'CONNECTED', cell: ({ connectedAt }) => printDuration(now() - Date.parse(connectedAt)) },
      { title: 'REVISION', cell: ({ acknowledgedRevision }) => String(acknowledgedRevision) },
      { title: 'STATE', cell: ({ types }) => state(types, style) },
    ],
    [...proxies.found].sort((a, b) => compareText(a.group + a.node, b.group + b.node)),
    'No proxy is connected.',
  )
}

function state(types: readonly TypeDelivery[], style: CliContext['style']): string {
  const parts = proxyTrouble(types, style)
  return parts.length === 0 ? style.good('in sync') : parts.join('; ')
}
