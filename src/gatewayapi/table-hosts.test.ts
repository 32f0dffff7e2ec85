import { describe, expect, it } from '@jest/globals'
import { createAuthority } from '../../test/support/certificates.js'
import { certificateSecret, createRouteWorld, domains, gateway, paths, route, virtualHost } from '../../test/support/route-world.js'
import { MANY_LISTENERS } from './table-hosts.js'

const CERTIFICATE = certificateSecret('cert', await (await createAuthority()).issue({ dns: ['*.sets.example.com', 'example.org'] }))
const https = (name: string, hostname?: string): string => {
  const host = hostname === undefined ? '' : `hostname: "${hostname}", `
  return `{ name: ${name}, port: 443, protocol: HTTPS, ${host}tls: { certificateRefs: [{ name: cert }] } }`
}
const numbered = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => https(`set-${i}`, `set-${i}.sets.example.com`))
const to = (path: string): string => `rules: [{ matches: [{ path: { value: ${path} } }], backendRefs: [{ name: app, port: 8080 }] }]`
const on = (listener: string): string => route(listener, to(`/${listener}`), { parents: `[{ name: gw, sectionName: ${listener} }]` })

const ALLOWED = 'allowedListeners: { namespaces: { from: Same } }'
/** A ListenerSet with one listener. */
const set = (name: string, listener: string): string => `
---
apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: { name: ${name}, namespace: infra }
spec: { parentRef: { name: gw }, listeners: [${listener}] }
`

/** A Gateway with these HTTPS listeners, and a route on the first of them. */
function portWith(listeners: readonly string[]) {
  const world = createRouteWorld([gateway(listeners.join(', '), ALLOWED), CERTIFICATE, on('set-0')])
  const api = world.translation.gatewayApi
  const tableOf = (listener: string): string => api.listeners.get(`Gateway/infra/gw/${listener}`)?.routeTable ?? ''
  return {
    world,
    domainsOf: (listener: string): readonly string[] => domains(api, tableOf(listener)),
    /** What a request for a host gets over a connection to a listener: the routes of the virtual host that Envoy would choose, or the status. */
    answer: (listener: string, host: string): string => {
      const candidates = [host, ...host.split('.').map((_, at, labels) => `*.${labels.slice(at + 1).join('.')}`), '*']
      const chosen = candidates.map((domain) => virtualHost(api, domain, tableOf(listener))).find((each) => each !== undefined)
      return chosen === undefined ? '404' : (paths(chosen)?.[0] ?? String(chosen.otherwise))
    },
  }
}

describe('a port with few HTTPS listeners', () => {
  const { domainsOf, answer } = portWith(numbered(MANY_LISTENERS))

  it('knows every host of the others', () => {
    expect(domainsOf('set-0')).toHaveLength(MANY_LISTENERS)
    expect(answer('set-0', 'set-0.sets.example.com')).toBe('set-0 /set-0')
    expect(answer('set-0', 'set-7.sets.example.com')).toBe('421')
    expect(answer('set-0', 'nobody.sets.example.com')).toBe('404')
  })
})

describe('hosts of TLS whose bytes go on as they are', () => {
  const tls = (name: string, how: string): string =>
    `{ name: ${name}, port: 443, protocol: TLS, hostname: ${name}.sets.example.com, tls: ${how} }`
  const { answer } = portWith([
    https('set-0', '*.sets.example.com'),
    tls('passed', '{ mode: Passthrough }'),
    tls('broken', '{ certificateRefs: [{ name: missing }] }'),
  ])

  it.each(['passed', 'broken'])('belong to their listener, whether it serves or not: %s', (name) => {
    expect(answer('set-0', `${name}.sets.example.com`)).toBe('421')
    expect(answer('set-0', 'other.sets.example.com')).toBe('set-0 /set-0')
  })
})

describe('a port with many HTTPS listeners', () => {
  const others = [https('wild', '*.wild.example.com'), https('one', 'one.wild.example.com'), https('org', 'example.org')]
  const { world, domainsOf, answer } = portWith([...numbered(MANY_LISTENERS), ...others])

  it('answers 421 for hosts that the certificate of the connection is valid for, since a client may have asked over it for that', () => {
    expect(domainsOf('set-0')).toEqual(['*.sets.example.com', 'example.org', 'set-0.sets.example.com'])
    expect(answer('set-0', 'set-0.sets.example.com')).toBe('set-0 /set-0')
    expect(answer('set-0', 'set-7.sets.example.com')).toBe('421')
    expect(answer('set-0', 'example.org')).toBe('421')
    expect(answer('org', 'example.org')).toBe('404')
  })

  it('answers 404 for all others', () => {
    expect(answer('set-0', 'one.wild.example.com')).toBe('404')
    expect(answer('set-0', 'example.net')).toBe('404')
  })

  it('keeps the hosts that other listeners have under a wildcard from its routes', () => {
    expect(domainsOf('wild')).toEqual(['*.sets.example.com', '*.wild.example.com', 'example.org', 'one.wild.example.com'])
    world.apply(on('wild'))
    world.flush()
    expect(answer('wild', 'two.wild.example.com')).toBe('wild /wild')
    expect(answer('wild', 'one.wild.example.com')).toBe('421')
  })

  it('lets one more of them touch no virtual host of the others', () => {
    world.apply(set('more', https('more', 'more.example.com')))
    expect(world.flush().computed.get('virtual hosts')).toBe(3)
  })

  it('lets a listener for every host know all others, whatever its certificate', () => {
    world.apply(gateway([...numbered(MANY_LISTENERS), ...others, https('any')].join(', '), ALLOWED))
    world.flush()
    expect(domainsOf('any')).toHaveLength(MANY_LISTENERS + others.length + 2)
    expect(answer('any', 'set-7.sets.example.com')).toBe('421')
    expect(answer('any', 'example.net')).toBe('404')
  })
})

describe('a port without TLS', () => {
  const http = (name: string, hostname: string): string => `{ name: ${name}, port: 80, protocol: HTTP, hostname: ${hostname} }`
  const app = (i: number): string => route(`r${i}`, `hostnames: [set-${i}.example.com], ${to('/')}`)

  it('computes the virtual hosts of a listener that comes, and no others', () => {
    const listeners = Array.from({ length: 20 }, (_, i) => http(`set-${i}`, `set-${i}.example.com`))
    const world = createRouteWorld([gateway(listeners.join(', '), ALLOWED), ...listeners.map((_, i) => app(i))])
    world.flush()
    world.apply(set('more', http('more', 'more.example.com')))
    expect(world.flush().computed.get('virtual hosts')).toBe(1)
  })
})
