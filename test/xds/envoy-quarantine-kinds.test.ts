/**
 * Rejections behind objects that are no routes, and what is known of rejections after a restart and on a second replica: the whole pipeline,
 * a real Envoy. What is spoiled on the way is in `support/spoiling.ts`.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { Condition } from '../../src/gatewayapi/model.js'
import { TYPE_URL } from '../../src/xds/resource.js'
import { backend, gateway, httpRoute, to } from '../features/manifests.js'
import { https, secret } from '../features/tls-manifests.js'
import { createAuthority, type PemPair, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { startBackend, type TestBackend } from '../support/http-backend.js'
import { brief, type Standalone, startTestStandalone } from '../support/standalone.js'
import { spoil } from './support/spoiling.js'

const TIMEOUT_MS = 120_000
const REJECTED = 'headgate.dev/Delivered=False/Rejected'

const route = (name: string, version = 'v1') =>
  httpRoute(
    name,
    `[{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: x-version, value: ${version}}]}}], ${to('one')}}]`,
    `parentRefs: [{name: gw}]\n  hostnames: [${name}.test]`,
  )

/** The conditions of an object, of all its parents, ancestors and listeners together. */
function conditions(headgate: Standalone, object: string): readonly Condition[] {
  const all: Condition[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) for (const each of value) visit(each)
    else if (typeof value === 'object' && value !== null) {
      if ('type' in value && 'reason' in value) all.push(value as Condition)
      else for (const each of Object.values(value)) visit(each)
    }
  }
  visit(headgate.status(object))
  return all
}

describe('an object that is no route', () => {
  let headgate: Standalone
  let one: TestBackend
  let authority: TestAuthority
  const spoiledSecrets = new Set<string>()

  beforeAll(async () => {
    one = await startBackend('one')
    authority = await createAuthority()
    headgate = await startTestStandalone()
    spoil(headgate.running.controlPlane, spoiledSecrets)
  }, TIMEOUT_MS)

  afterAll(async () => {
    await headgate?.stop()
    await one?.close()
  }, TIMEOUT_MS)

  const answer = async (name: string) => {
    const { status, headers } = await headgate.send('default/gw', 80, { host: `${name}.test` })
    return `${status} ${headers['x-version'] ?? ''}`.trim()
  }

  it(
    'a policy whose settings are rejected is named, and its route alone answers 500: nobody is let in by a policy that is not there',
    async () => {
      await headgate.write('base', [gateway('gw'), backend(one), route('a'), route('b')].join('---'))
      const policy = (origin: string) => `
apiVersion: headgate.dev/v1alpha1
kind: SecurityPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: a}]
  cors: {allowOrigins: ["https://${origin}.test"]}
`
      await headgate.write('policy', policy('good'))
      expect([await answer('a'), await answer('b')]).toEqual(['200 v1', '200 v1'])
      await headgate.write('policy', policy('spoiled-regex'))
      await eventually(async () => expect([await answer('a'), await answer('b')]).toEqual(['500 v1', '200 v1']))
      const found = conditions(headgate, 'SecurityPolicy/default/p').find(({ status }) => status === 'False')
      expect(found).toMatchObject({ type: 'Accepted', reason: 'Invalid', message: expect.stringMatching(/missing \): \(/) })
      // The table lives on: other routes change.
      await headgate.write('other', route('c', 'v2'))
      expect(await answer('c')).toBe('200 v2')
      await headgate.write('policy', policy('better'))
      await eventually(async () => expect(await answer('a')).toBe('200 v1'))
      expect(brief(conditions(headgate, 'SecurityPolicy/default/p'))).toEqual(['Accepted=True/Accepted'])
      for (const file of ['policy', 'other', 'base']) await headgate.remove(file)
    },
    TIMEOUT_MS,
  )

  it(
    'a certificate that is rejected is named by the listener, which goes on with the one before',
    async () => {
      const status = async () => (await headgate.send('default/gw', 443, { host: 'a.test', tls: { ca: authority.certificate } })).status
      const listeners = `[{name: http, port: 80, protocol: HTTP}, ${https('https', undefined)}]`
      const write = (pair: PemPair) =>
        headgate.write('tls', [gateway('gw', listeners), secret('cert', pair), backend(one), route('a')].join('---'))
      await write(await authority.issue({ dns: ['a.test'] }))
      expect(await status()).toBe(200)
      const bad = await authority.issue({ dns: ['a.test'] })
      spoiledSecrets.add(bad.privateKey)
      await write(bad)
      await eventually(() => {
        const found = conditions(headgate, 'Gateway/default/gw').filter(({ reason }) => reason === 'InvalidCertificateRef')
        expect(brief(found)).toEqual(['ResolvedRefs=False/InvalidCertificateRef'])
        expect(found[0]?.message).toMatch(/its last good version serves, Envoy refused this one: .*certificate chain/)
      })
      expect(await status()).toBe(200)
      expect(headgate.running.controlPlane.server.rejected.list().filter(({ typeUrl }) => typeUrl === TYPE_URL.secret)).toHaveLength(1)
      await write(await authority.issue({ dns: ['a.test'] }))
      await eventually(() =>
        expect(brief(conditions(headgate, 'Gateway/default/gw')).filter((each) => each.startsWith('ResolvedRefs=False'))).toEqual([]),
      )
    },
    TIMEOUT_MS,
  )
})

describe('what was rejected', () => {
  it(
    'stays rejected after a restart, and on another replica that knows of it: no proxy is asked again, and the object is named',
    async () => {
      const one = await startBackend('one')
      const stateFolder = await mkdtemp(join(tmpdir(), 'headgate-state-'))
      const first = await startTestStandalone({ stateFolder })
      spoil(first.running.controlPlane)
      const files = { base: [gateway('gw'), backend(one), ...Array.from({ length: 20 }, (_, index) => route(`r${index}`))].join('---') }
      const bad = { target: route('target', 'spoiled-regex') }
      try {
        await first.write('base', files.base)
        await first.write('target', bad.target)
        await eventually(() => expect(brief(conditions(first, 'HTTPRoute/default/target'))).toContain(REJECTED))
        const [known] = first.running.controlPlane.server.rejected.list()
        expect(known?.suspects.map(({ name }) => name)).toEqual(['target'])
        await eventually(async () =>
          expect(JSON.parse(await readFile(join(stateFolder, 'rejected-versions.json'), 'utf8'))).toMatchObject([
            { message: 'missing ): (' },
          ]),
        )
        const replicaState = await mkdtemp(join(tmpdir(), 'headgate-state-'))
        await cp(join(stateFolder, 'rejected-versions.json'), join(replicaState, 'rejected-versions.json'))
        // Beside the first one, and after it.
        await expectKnown(replicaState, { ...files, ...bad })
        await first.stop()
        await expectKnown(stateFolder, { ...files, ...bad })
      } finally {
        await first.stop()
        await one.close()
        await rm(stateFolder, { recursive: true, force: true })
      }
    },
    TIMEOUT_MS,
  )

  async function expectKnown(stateFolder: string, files: Readonly<Record<string, string>>): Promise<void> {
    const again = await startTestStandalone({ stateFolder })
    try {
      spoil(again.running.controlPlane)
      let rejections = 0
      again.running.controlPlane.server.tracker.onDelivery(({ kind }) => {
        if (kind === 'rejection') rejections += 1
      })
      for (const [file, yaml] of Object.entries(files)) await again.put(file, yaml)
      await again.settle()
      await eventually(() => expect(brief(conditions(again, 'HTTPRoute/default/target'))).toContain(REJECTED))
      const lastRejection = again.running.controlPlane.server.tracker
        .proxies(0)
        .flatMap(({ types }) => types.flatMap((type) => type.lastRejection ?? []))
      expect([rejections, lastRejection]).toEqual([0, []])
      const status = async (name: string) => (await again.send('default/gw', 80, { host: `${name}.test` })).status
      expect([await status('r0'), await status('r19'), await status('target')]).toEqual([200, 200, 500])
    } finally {
      await again.stop()
    }
  }
})
