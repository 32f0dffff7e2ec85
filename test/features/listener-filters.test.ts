/** Filters of listeners. They may be what keeps strangers out: a listener that has one we cannot serve lets nobody in. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, ref, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a', 'check'], () => '')

feature(
  [
    'Gateway spec.listeners.filters.requests.{type,extensionRef.group,extensionRef.kind,extensionRef.name}',
    'Gateway spec.listeners.filters.requests.externalAuth.{protocol,backendRef.group,backendRef.kind,backendRef.name,backendRef.namespace,backendRef.port}',
    'Gateway spec.listeners.filters.requests.externalAuth.{http.path,http.allowedHeaders,http.allowedResponseHeaders,grpc.allowedHeaders,forwardBody.maxSize}',
    'Listener reason UnsupportedValue',
    'Gateway reason ListenersNotValid',
  ],
  'lets nobody past a filter that is not supported: the listener serves nothing and says why, its neighbour goes on',
  async () => {
    const extension = (group: string, kind: string, name: string) =>
      `{type: ExtensionRef, extensionRef: {group: ${group}, kind: ${kind}, name: ${name}}}`
    const auth = (fields: string) => `{type: ExternalAuth, externalAuth: {${fields}}}`
    const rows: readonly (readonly [filters: string, types: string])[] = [
      [extension('example.com', 'Filter', 'f'), 'ExtensionRef'],
      [
        auth(`protocol: HTTP, backendRef: {${ref('check')}}, http: {path: auth, allowedHeaders: [x-a], allowedResponseHeaders: [x-b]}`),
        'ExternalAuth',
      ],
      [
        auth(
          'protocol: GRPC, backendRef: {name: s, namespace: other, port: 9000}, grpc: {allowedHeaders: [x-a]}, forwardBody: {maxSize: 16}',
        ),
        'ExternalAuth',
      ],
      [
        `${auth(`protocol: HTTP, backendRef: {${ref('check')}}, http: {}`)}, ${extension('example.com', 'Filter', 'g')}`,
        'ExternalAuth, ExtensionRef',
      ],
    ]
    const listener = (name: string, more: string) => `{name: ${name}, port: 80, protocol: HTTP, hostname: ${name}.example.com${more}}`
    const write = (more: string) =>
      world.write(gateway('gw', `[${listener('guarded', more)}, ${listener('open', '')}]`), httpRoute('r', `[{${to('a')}}]`))
    const ask = (name: string) => world.answerer({ host: `${name}.example.com` })
    await write('')
    expect([await ask('guarded'), await ask('open')]).toEqual(['a', 'a'])
    for (const [filters, types] of rows) {
      await write(`, filters: {requests: [${filters}]}`)
      expect([filters, world.listener('default/gw', 'guarded')]).toEqual([
        filters,
        expect.arrayContaining(['Accepted=False/UnsupportedValue', 'Programmed=False/Invalid']),
      ])
      const status = world.headgate.status('Gateway/default/gw')
      const messages =
        status.shape === 'gateway' ? status.listeners.flatMap(({ conditions }) => conditions.map(({ message }) => message)) : []
      expect(messages.join()).toContain(`has ${types}:`)
      expect(world.conditions('Gateway/default/gw')[0]).toBe('Accepted=True/ListenersNotValid')
      expect([filters, await ask('guarded'), await ask('open')]).toEqual([filters, 404, 'a'])
      expect(world.backend('check').requests).toEqual([])
    }
    await write('')
    expect(await ask('guarded')).toBe('a')
  },
)
