/** What commands show of several replicas. */
import type { AllReplicas } from '../admin/all-replicas.js'
import type { Column } from './output/table.js'

/** The column with the replica that says a row; none where there is one replica alone. */
export function replicaColumn<Row extends { readonly replica: string }>({ found, silent }: AllReplicas<unknown>): readonly Column<Row>[] {
  const names = new Set((found as readonly Row[]).map(({ replica }) => replica))
  return names.size + silent.length > 1 ? [{ title: 'REPLICA', cell: ({ replica }) => replica }] : []
}

/** A line for each replica that did not answer; empty where all did. */
export function silentReplicas({ silent }: AllReplicas<unknown>): string {
  return silent.map(({ address, problem }) => `The replica at ${address} does not answer, and is not shown: ${problem}\n`).join('')
}
