/** References to certificates of listeners, and what a listener says of those that it cannot use. */
import { expect } from '@jest/globals'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { feature } from './feature.js'
import { gateway, httpRoute, namespace, to } from './manifests.js'
import { gatewayGrant, https, secret } from './tls-manifests.js'
import { featureWorld } from './world.js'

let issuer: TestAuthority
let pair: PemPair
let second: PemPair
const world = featureWorld(['a'], async () => {
  issuer = await createAuthority('servers')
  pair = await issuer.issue({ dns: ['example.com'] })
  second = await issuer.issue({ dns: ['*.example.com', 'other.example.org'] })
  return [namespace('vault'), secret('cert', pair), secret('second', second), secret('cert', pair, 'vault')].join('---')
})

const ROUTE = httpRoute('r', `[{${to('a')}}]`)
const listener = (name: string, refs: string, hostname = 'example.com') =>
  `{name: ${name}, port: 443, protocol: HTTPS, hostname: "${hostname}", tls: {certificateRefs: [${refs}]}}`

/** Keeps the port open, whatever is wrong with the listener that a test is about. */
const NEIGHBOUR = listener('neighbour', '{name: second}', 'other.example.org')

/** Who answers over TLS with a certificate of ours. */
const ask = (host = 'example.com') => world.answerer({ port: 443, host, tls: { ca: issuer.certificate } })

feature(
  [
    'Gateway spec.listeners.tls.certificateRefs.{group,kind,name,namespace}',
    'Listener condition Accepted',
    'Listener condition ResolvedRefs',
    'Listener condition Programmed',
    'Listener reason Accepted',
    'Listener reason ResolvedRefs',
    'Listener reason Programmed',
    'Listener reason Invalid',
    'Listener reason InvalidCertificateRef',
    'Listener reason RefNotPermitted',
    'Gateway condition ResolvedRefs',
    'Gateway reason ResolvedRefs',
    'Gateway reason ListenersNotResolved',
  ],
  'serves with the certificate that it refers to, or closes connections and says why',
  async () => {
    const rows: readonly (readonly [ref: string, reason: string])[] = [
      ['{name: cert}', 'ResolvedRefs'],
      ['{group: "", kind: Secret, name: cert}', 'ResolvedRefs'],
      ['{name: missing}', 'InvalidCertificateRef'],
      ['{group: example.com, kind: Secret, name: cert}', 'InvalidCertificateRef'],
      ['{group: "", kind: ConfigMap, name: cert}', 'InvalidCertificateRef'],
      ['{name: cert, namespace: vault}', 'RefNotPermitted'],
      ['{name: missing, namespace: vault}', 'RefNotPermitted'],
    ]
    for (const [ref, reason] of rows) {
      await world.write(gateway('gw', `[${listener('l', ref)}, ${NEIGHBOUR}]`), ROUTE)
      const isServed = reason === 'ResolvedRefs'
      expect([ref, world.listener('default/gw', 'l')]).toEqual([
        ref,
        [
          'Accepted=True/Accepted',
          'Conflicted=False/NoConflicts',
          `ResolvedRefs=${isServed ? 'True' : 'False'}/${reason}`,
          isServed ? 'Programmed=True/Programmed' : 'Programmed=False/Invalid',
        ],
      ])
      const ofGateway = `ResolvedRefs=${isServed ? 'True/ResolvedRefs' : 'False/ListenersNotResolved'}`
      expect([ref, world.conditions('Gateway/default/gw')]).toEqual([
        ref,
        expect.arrayContaining([ofGateway, 'Programmed=True/Programmed']),
      ])
      expect([ref, await ask()]).toEqual([ref, isServed ? 'a' : 'closed'])
      // What is wrong with one listener is nothing to its neighbour.
      expect([ref, await ask('other.example.org')]).toEqual([ref, 'a'])
    }
    await world.write(gateway('gw', `[${listener('l', '{name: cert, namespace: vault}')}]`), ROUTE, gatewayGrant('vault', 'Secret'))
    expect(world.listener('default/gw', 'l')).toContain('ResolvedRefs=True/ResolvedRefs')
    expect(await ask()).toBe('a')
  },
)

feature(
  ['Listener condition OverlappingTLSConfig', 'Listener reason OverlappingHostnames', 'Listener reason OverlappingCertificates'],
  'says which TLS listeners a client may take for each other, and serves each its own hosts',
  async () => {
    const overlap = (name: string) => world.listener('default/gw', name).filter((each) => each.startsWith('OverlappingTLSConfig'))
    const write = (...listeners: readonly string[]) => world.write(gateway('gw', `[${listeners.join()}]`), ROUTE)
    await write(listener('one', '{name: cert}'), listener('two', '{name: cert}', 'example.net'))
    expect([overlap('one'), overlap('two')]).toEqual([
      ['OverlappingTLSConfig=True/OverlappingCertificates'],
      ['OverlappingTLSConfig=True/OverlappingCertificates'],
    ])
    await write(listener('one', '{name: cert}'), listener('two', '{name: second}', '*.com'))
    expect([overlap('one'), overlap('two')]).toEqual([
      ['OverlappingTLSConfig=True/OverlappingHostnames'],
      ['OverlappingTLSConfig=True/OverlappingHostnames'],
    ])
    expect([await ask('example.com'), await ask('www.example.com')]).toEqual(['a', 'a'])
    await write(listener('one', '{name: cert}'), listener('two', '{name: second}', 'other.example.org'))
    expect([overlap('one'), overlap('two')]).toEqual([[], []])
    expect([await ask('example.com'), await ask('other.example.org')]).toEqual(['a', 'a'])
  },
)

feature(
  ['Gateway spec.listeners.tls.options', 'Listener reason UnsupportedValue', 'Gateway reason ListenersNotValid'],
  'ends TLS as its options say, and serves nobody where an option means nothing',
  async () => {
    const option = (options: string) => https('l', undefined, 443, 'cert', `, options: {${options}}`)
    const withVersion = (version: 'TLSv1.2' | 'TLSv1.3') =>
      world.answerer({ port: 443, tls: { ca: issuer.certificate, minVersion: version, maxVersion: version } })
    await world.write(gateway('gw', `[${option('headgate.dev/tls-min-version: "1.3"')}]`), ROUTE)
    expect([await withVersion('TLSv1.2'), await withVersion('TLSv1.3')]).toEqual(['closed', 'a'])
    await world.write(gateway('gw', `[${option('headgate.dev/tls-max-version: "1.2"')}]`), ROUTE)
    expect([await withVersion('TLSv1.2'), await withVersion('TLSv1.3')]).toEqual(['a', 'closed'])
    await world.write(gateway('gw', `[${option('headgate.dev/tls-min-version: "7"')}, ${NEIGHBOUR}]`), ROUTE)
    expect(world.listener('default/gw', 'l')).toContain('Accepted=False/UnsupportedValue')
    expect(world.conditions('Gateway/default/gw')).toContain('Accepted=True/ListenersNotValid')
    expect([await withVersion('TLSv1.3'), await ask('other.example.org')]).toEqual(['closed', 'a'])
  },
)
