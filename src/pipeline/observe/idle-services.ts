/**
 * Services that routes send to and that have nobody who could answer. That is no mistake of a route, and where pods are scaled to none it is wanted;
 * so it is no condition, and told when somebody looks, with the reason that EndpointSlices show.
 */
import type { Problem } from '../../admin/sources.js'
import { parseClusterName } from '../../gatewayapi/backends/cluster-names.js'
import { SERVICE_LABEL } from '../../gatewayapi/backends/endpoints.js'
import type { GatewayApi } from '../../gatewayapi/declare.js'
import type { Inputs } from '../../gatewayapi/inputs.js'
import type { EndpointSlice, Service } from '../../gen/kinds.js'
import { compareText } from '../../util/compare-text.js'
import { describeObject, objectKey, objectVersion } from '../../util/object-ref.js'

/** A warning for each port of a Service to which routes send and which has no endpoint. */
export function idleServices({ endpoints }: Pick<GatewayApi, 'endpoints'>, inputs: Pick<Inputs, 'kind'>): readonly Problem[] {
  const idle = new Map<string, { readonly service: Service; readonly port: number }>()
  for (const [cluster, { localities }] of endpoints.entries()) {
    if (localities.some((locality) => locality.endpoints.length > 0)) continue
    const { kind, namespace, name, port } = parseClusterName(cluster)?.backend ?? {}
    if (kind !== 'Service' || namespace === undefined || name === undefined || port === undefined) continue
    const service = inputs.kind('Service').get(objectKey(namespace, name))
    if (service !== undefined) idle.set(`${namespace}/${name}/${port}`, { service, port })
  }
  if (idle.size === 0) return []
  const slices = slicesByService(inputs)
  const warnings = [...idle.values()].map(({ service, port }) => warning(service, port, slices.get(keyOf(service)) ?? []))
  return warnings.sort((a, b) => compareText(a.where, b.where) || compareText(a.message, b.message))
}

function slicesByService(inputs: Pick<Inputs, 'kind'>): ReadonlyMap<string, readonly EndpointSlice[]> {
  return Map.groupBy(
    [...inputs.kind('EndpointSlice').entries()].map(([, slice]) => slice),
    ({ metadata: { namespace, labels } }) => objectKey(namespace, labels?.[SERVICE_LABEL] ?? ''),
  )
}

function keyOf({ metadata: { namespace, name } }: Service): string {
  return objectKey(namespace, name)
}

function warning(service: Service, port: number, slices: readonly EndpointSlice[]): Problem {
  const object = objectVersion(service)
  const message = `port ${port} has no endpoint, so that requests for it get 503: ${whyIdle(service, slices)}`
  return { severity: 'warning', where: describeObject(object), message, object }
}

function whyIdle({ spec: { selector = {} } }: Service, slices: readonly EndpointSlice[]): string {
  const endpoints = slices.flatMap((slice) => slice.endpoints ?? [])
  if (endpoints.length === 0) {
    return Object.keys(selector).length === 0
      ? 'it has no selector, and nobody has made an EndpointSlice for it'
      : `there is no pod with the labels of its selector (${Object.entries(selector)
          .map((label) => label.join('='))
          .join(',')})`
  }
  if (endpoints.some(({ conditions }) => conditions?.ready !== false)) return 'its pods do not have the port that its targetPort names'
  return endpoints.length === 1 ? 'its only pod is not ready' : `none of its ${endpoints.length} pods is ready`
}
