/** The lines that a person sees once everything runs. */
import type { ListenerPlace } from '../../admin/sources.js'

const CURL: Readonly<Record<string, (address: string) => string>> = {
  HTTP: (address) => `curl -H 'Host: www.example.com' http://${address}/`,
  HTTPS: (address) => `curl -k --connect-to ::${address} https://www.example.com/`,
}

/** What runs. */
export interface Announced {
  readonly places: readonly ListenerPlace[]
  readonly ports: { readonly xds: number; readonly admin: number }
  readonly isQuickstart: boolean
  /** How many things are not in order. */
  readonly troubles: number
}

/** Where everything listens, whether all is well and, for the quickstart, what to try. */
export function announcement({ places, ports, isQuickstart, troubles }: Announced): string {
  const addresses = places.flatMap(({ addresses: [address], boundPort, ...place }) =>
    address === undefined || boundPort === undefined
      ? []
      : [{ ...place, address: `${address}:${boundPort}`, isMoved: place.port !== boundPort }],
  )
  const rows = addresses.map(({ gateway, listenerSet, listener, protocol, port, address, isMoved }) => [
    `  ${gateway}`,
    listenerSet === undefined ? listener : `${listener} of ${listenerSet}`,
    protocol,
    address,
    isMoved ? `(port ${port} of the Gateway)` : '',
  ])
  const curls = isQuickstart ? addresses.flatMap(({ protocol, address }) => CURL[protocol]?.(address) ?? []) : []
  return [
    ...(rows.length === 0
      ? ['Headgate is running. No Gateway listens: gatewayctl status says what there is.']
      : ['Headgate is running. Gateways listen on:', ...aligned(rows)]),
    ...(troubles === 0 ? [] : [`Not all is in order (${troubles}): gatewayctl status says what is wrong.`]),
    ...(curls.length === 0 ? [] : ['Try:', ...[...new Set(curls)].map((line) => `  ${line}`)]),
    `Admin on http://127.0.0.1:${ports.admin}/, xDS on 127.0.0.1:${ports.xds}. Ctrl-C stops everything.`,
    '',
  ].join('\n')
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
