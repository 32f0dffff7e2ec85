import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { encode, toProtoJson } from '../src/xds/message.js'
import { createAuthority } from '../test/support/certificates.js'
import { type BootstrapOptions, buildBootstrap, printBootstrap } from './bootstrap.js'
import { type EnvoyBinary, findEnvoy } from './find-envoy.js'
import { printLocalZone } from './local-zone.js'
import { authoritySecret, certificateSecret, tokenSecret } from './xds-secrets.js'

let folder: string
let envoy: EnvoyBinary
beforeAll(async () => {
  envoy = await findEnvoy()
  folder = await mkdtemp(join(tmpdir(), 'headgate-bootstrap-'))
  const authority = await createAuthority()
  const pair = await authority.issue({ dns: ['proxy'] })
  await writeFile(join(folder, 'ca.crt'), authority.certificate)
  await writeFile(join(folder, 'tls.crt'), pair.certificate)
  await writeFile(join(folder, 'tls.key'), pair.privateKey)
  await writeFile(join(folder, 'token'), 'x')
  await writeFile(join(folder, 'token.json'), tokenSecret(join(folder, 'token')))
  await writeFile(join(folder, 'authority.json'), authoritySecret(join(folder, 'ca.crt')))
  await writeFile(join(folder, 'certificate.json'), certificateSecret(join(folder, 'tls.crt'), join(folder, 'tls.key')))
}, 120_000)
afterAll(() => rm(folder, { recursive: true }))

const plain: BootstrapOptions = {
  node: { id: 'proxy-1', cluster: 'default/gateway', image: 'envoy:v1', zone: 'a' },
  xds: { host: '127.0.0.1', port: 18_000 },
  adminSocketPath: '/tmp/headgate-bootstrap-test.sock',
}
const tls = () => ({ authoritySecretFile: join(folder, 'authority.json'), serverName: 'xds.headgate.internal' })

describe('the bootstrap', () => {
  it.each([
    { way: 'plaintext on loopback', options: () => plain },
    { way: 'a DNS name', options: () => ({ ...plain, xds: { host: 'headgate.headgate-system.svc', port: 18_000, tls: tls() } }) },
    {
      way: 'a client certificate',
      options: () => ({
        ...plain,
        xds: {
          ...plain.xds,
          tls: { ...tls(), certificateSecretFile: join(folder, 'certificate.json') },
        },
      }),
    },
    {
      way: 'a token',
      options: () => ({ ...plain, xds: { ...plain.xds, tls: { ...tls(), tokenSecretFile: join(folder, 'token.json') } } }),
    },
    {
      way: 'a listener for the pod and limits',
      options: (): BootstrapOptions => ({
        ...plain,
        podListener: { addresses: ['127.0.0.1'], port: 19_003, drainKey: 'key' },
        maxHeapBytes: 2 ** 30,
        maxConnections: 10,
      }),
    },
    {
      way: 'both families of addresses, compressed metrics and a collector by name',
      options: (): BootstrapOptions => ({
        ...plain,
        podListener: { addresses: ['0.0.0.0', '::'], port: 19_003, drainKey: 'key' },
        metrics: {
          prometheus: true,
          compression: 'zstd',
          include: [
            { by: 'prefix', value: 'http.' },
            { by: 'suffix', value: '_bytes' },
          ],
          sinks: [{ host: 'collector.observability.svc', port: 4317, countersAsDeltas: false, histogramsAsDeltas: false }],
        },
      }),
    },
  ])('is valid for Envoy with $way', async ({ options }) => {
    const file = join(folder, 'bootstrap.json')
    const text = printBootstrap(options())
    const bytes = encode('envoy.config.bootstrap.v3.Bootstrap', buildBootstrap(options()))
    expect(text).toBe(`${JSON.stringify(toProtoJson('envoy.config.bootstrap.v3.Bootstrap', bytes), undefined, 2)}\n`)
    await writeFile(file, text)
    const { stdout, stderr } = await promisify(execFile)(envoy.path, ['--mode', 'validate', '--config-path', file])
    expect(stdout).toContain(`configuration '${file}' OK`)
    expect(stderr).not.toMatch(/deprecated|"level":"(warning|error|critical)"/)
  })

  it.each(['eu-west-1a', ''])('takes its zone from the command line: "%s"', async (zone) => {
    const file = join(folder, 'bootstrap.json')
    const { zone: _zone, ...node } = plain.node
    await writeFile(file, printBootstrap({ ...plain, node }))
    const args = ['--mode', 'validate', '--config-path', file, '--config-yaml', printLocalZone(zone)]
    const { stdout, stderr } = await promisify(execFile)(envoy.path, args)
    expect(stdout).toContain(`configuration '${file}' OK`)
    expect(stderr).not.toMatch(/deprecated|"level":"(warning|error|critical)"/)
  })

  it('says the same in the same bytes', () => {
    expect(printBootstrap(plain)).toBe(printBootstrap({ ...plain }))
  })

  it('waits for listeners and clusters rather than go live without any', () => {
    const { dynamicResources } = buildBootstrap(plain)
    expect([dynamicResources?.ldsConfig?.initialFetchTimeout, dynamicResources?.cdsConfig?.initialFetchTimeout]).toEqual([
      { seconds: 0, nanos: 0 },
      { seconds: 0, nanos: 0 },
    ])
  })

  it('keeps the admin interface off the network', () => {
    expect(buildBootstrap(plain).admin?.address).toEqual({ pipe: { path: plain.adminSocketPath, mode: 0o600 } })
  })
})
