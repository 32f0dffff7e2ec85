import { describe, expect, it } from '@jest/globals'
import { virtualHost } from '../../../test/envoy-api/ir-fixtures.js'
import { gateway, HTTP_LISTENER, route } from '../../../test/support/route-world.js'
import { createTranslationWorld } from '../../../test/support/translation-world.js'
import { declareXds } from '../../xds/translate/declare.js'
import { HTTP_FILTERS, hostFilterConfig, httpFilters } from '../../xds/translate/http-filters/index.js'

const SERVICE = `
---
apiVersion: v1
kind: Service
metadata: { name: app, namespace: infra }
spec: { ports: [{ name: http, port: 80 }] }
`
const FILTER = 'type: ExternalAuth, externalAuth: { protocol: HTTP, backendRef: { name: app, port: 80 }, http: {} }'

describe('filters of listeners', () => {
  it('change the virtual hosts of their listener and no listener, and send to a cluster of their own only as long as they are there', () => {
    const made = createTranslationWorld()
    const xds = declareXds(made.translation.graph, made.translation.gatewayApi)
    for (const each of [gateway(HTTP_LISTENER), SERVICE, route('r', 'rules: [{}]')]) made.apply(each)
    made.place('infra/gw')
    made.flush()
    const versions = () => [...xds.listeners.entries()].map(([, { version }]) => version)
    const clusters = () => [...made.translation.gatewayApi.clusters.entries()].map(([name]) => name)
    const before = versions()
    expect(before).toHaveLength(1)
    expect(clusters()).toEqual([])
    made.apply(gateway(HTTP_LISTENER.replace(/}$/, `, filters: { requests: [{ ${FILTER} }] } }`)))
    made.flush()
    expect(versions()).toEqual(before)
    expect(clusters()).toEqual(['Service/infra/app/80'])
    made.apply(gateway(HTTP_LISTENER))
    made.flush()
    expect(clusters()).toEqual([])
  })

  it('find every filter of the chain there, whatever route they lead to', () => {
    for (const filter of HTTP_FILTERS) {
      const isThere = !filter.disabled || filter.idle !== undefined
      expect([filter.name, isThere]).toEqual([filter.name, true])
    }
    const auth = {
      protocol: 'HTTP',
      cluster: 'a',
      pathPrefix: '',
      allowedRequestHeaders: [],
      allowedResponseHeaders: [],
      maxBodyBytes: 0,
    } as const
    const told = hostFilterConfig(virtualHost([], { listenerFilters: [auth] }))
    for (const scoped of [false, true]) {
      const chain = httpFilters(scoped, { envoyHeaders: undefined, countsGrpcCalls: undefined })
      const absent = chain.filter(({ name, disabled }) => disabled === true && told?.[name ?? ''] === undefined)
      expect(absent).toEqual([])
    }
  })
})
