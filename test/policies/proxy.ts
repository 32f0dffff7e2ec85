/** What the Envoy of a test says of itself, for what no answer shows. */
import { askEnvoy } from '../../src/infra/host/envoy-admin.js'
import type { World } from '../features/world.js'

/** The body of an answer of Envoy's admin interface. */
export function askProxy({ headgate }: World, path: string): Promise<string> {
  const state = headgate.running.localEnvoy()
  if (state?.kind !== 'running') throw new Error('no Envoy is running')
  return askEnvoy(state.adminSocketPath, 'GET', path)
}

/** The value of a statistic; undefined where Envoy has none of this name. */
export async function statistic(world: World, name: string): Promise<number | undefined> {
  const lines = await askProxy(world, `/stats?filter=^${encodeURIComponent(name.replaceAll('.', '\\.'))}$`)
  const [, value] = /: (\d+)$/m.exec(lines) ?? []
  return value === undefined ? undefined : Number(value)
}

/** The active cluster whose name begins so, as Envoy dumps it. */
export async function runningCluster(world: World, name: string): Promise<Readonly<Record<string, unknown>>> {
  const dump = JSON.parse(await askProxy(world, '/config_dump?resource=dynamic_active_clusters')) as {
    readonly configs?: readonly { readonly cluster: { readonly name: string } & Readonly<Record<string, unknown>> }[]
  }
  const found = dump.configs?.find(({ cluster }) => cluster.name.startsWith(name))
  if (found === undefined) throw new Error(`Envoy runs no cluster ${name}: ${dump.configs?.map(({ cluster }) => cluster.name).join(', ')}`)
  return found.cluster
}
