import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createAuthority, type TestAuthority } from '../test/support/certificates.js'
import { eventually } from '../test/support/eventually.js'
import { cableTo } from '../test/xds/support/cable.js'
import { startEnvoy } from '../test/xds/support/real-envoy.js'
import { authoritySecret, certificateSecret, tokenSecret } from './xds-secrets.js'

const WITHIN_MS = 20_000
const NAME = 'xds.headgate.test'

interface Call {
  readonly path: string | undefined
  readonly authorization: string | undefined
  /** The name in the client's certificate. */
  readonly client: string | undefined
  readonly tls: string | null
}

let folder: string
let authority: TestAuthority
let server: Http2SecureServer
let calls: Call[]
let sessions: Set<ServerHttp2Session>

/** A control plane that only notes who comes. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headgate-xds-cluster-'))
  authority = await createAuthority()
  calls = []
  sessions = new Set()
  const pair = await authority.issue({ dns: [NAME] })
  server = createSecureServer({
    cert: pair.certificate,
    key: pair.privateKey,
    ca: authority.certificate,
    requestCert: true,
    rejectUnauthorized: false,
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session)).on('error', () => {})
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {})
    const socket = stream.session?.socket as TLSSocket | undefined
    const subject = socket?.getPeerCertificate().subject
    calls.push({
      path: headers[':path'],
      authorization: headers.authorization?.toString(),
      client: subject?.CN?.toString(),
      tls: socket?.getProtocol() ?? null,
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await trust('authority', authority)
})

afterEach(async () => {
  for (const session of sessions) session.destroy()
  await new Promise((resolve) => server.close(resolve))
  await rm(folder, { recursive: true })
})

const port = (): number => (server.address() as AddressInfo).port
const stream = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources'

/** Writes `<name>.json`: the proxy trusts this authority. */
async function trust(name: string, { certificate }: TestAuthority): Promise<void> {
  const target = await project(name, { 'ca.crt': certificate })
  await writeFile(join(folder, `${name}.json`), authoritySecret(join(target, 'ca.crt')))
}

/** Puts files into a folder as the kubelet does: a link is moved to a new folder in one step. */
async function project(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const target = join(folder, name)
  await mkdir(target, { recursive: true })
  const version = `..${Date.now()}`
  await mkdir(join(target, version))
  for (const [file, text] of Object.entries(files)) await writeFile(join(target, version, file), text)
  await symlink(version, join(target, '..data_tmp'))
  await rename(join(target, '..data_tmp'), join(target, '..data'))
  for (const file of Object.keys(files)) await symlink(join('..data', file), join(target, file)).catch(() => {})
  return target
}

describe('the connection to the control plane', () => {
  it('is TLS 1.3 with the token of the proxy, which is read again when it is renewed', async () => {
    const tokens = await project('tokens', { token: 'first' })
    const tokenSecretFile = join(folder, 'token.json')
    await writeFile(tokenSecretFile, tokenSecret(join(tokens, 'token')))
    const tls = { authoritySecretFile: join(folder, 'authority.json'), serverName: NAME, tokenSecretFile }
    await using _envoy = await startEnvoy({ xds: { port: port(), tls } })
    await eventually(
      () => expect(calls.at(-1)).toEqual({ path: stream, authorization: 'Bearer first', client: undefined, tls: 'TLSv1.3' }),
      WITHIN_MS,
    )
    await project('tokens', { token: 'second' })
    await eventually(() => {
      for (const session of sessions) session.destroy()
      expect(calls.at(-1)?.authorization).toBe('Bearer second')
    }, WITHIN_MS)
  })

  it('shows the certificate of the proxy, which is read again when it is renewed', async () => {
    const files = async (name: string) => {
      const { certificate, privateKey } = await authority.issue({ dns: [name] })
      return { 'tls.crt': certificate, 'tls.key': privateKey }
    }
    const own = await project('own', await files('proxy-1'))
    const certificateSecretFile = join(folder, 'certificate.json')
    await writeFile(certificateSecretFile, certificateSecret(join(own, 'tls.crt'), join(own, 'tls.key')))
    await using _envoy = await startEnvoy({
      xds: { port: port(), tls: { authoritySecretFile: join(folder, 'authority.json'), serverName: NAME, certificateSecretFile } },
    })
    await eventually(() => expect(calls.at(-1)?.client).toBe('proxy-1'), WITHIN_MS)
    await project('own', await files('proxy-2'))
    await eventually(() => {
      for (const session of sessions) session.destroy()
      expect(calls.at(-1)?.client).toBe('proxy-2')
    }, WITHIN_MS)
  })

  it('trusts a new authority when it comes', async () => {
    const next = await createAuthority('next')
    const tls = { authoritySecretFile: join(folder, 'authority.json'), serverName: NAME }
    await using _envoy = await startEnvoy({ xds: { port: port(), tls } })
    await eventually(() => expect(calls).not.toEqual([]), WITHIN_MS)
    await project('authority', { 'ca.crt': next.certificate })
    const pair = await next.issue({ dns: [NAME] })
    server.setSecureContext({ cert: pair.certificate, key: pair.privateKey })
    calls = []
    for (const session of sessions) session.destroy()
    await eventually(() => expect(calls).not.toEqual([]), WITHIN_MS)
  })

  it('is made again when the machine of the control plane is gone, which closes nothing, within 20 s', async () => {
    await using cable = await cableTo(port())
    const tls = { authoritySecretFile: join(folder, 'authority.json'), serverName: NAME }
    await using _envoy = await startEnvoy({ xds: { port: cable.port, tls } })
    await eventually(() => expect(calls).toHaveLength(1), WITHIN_MS)
    cable.cut()
    await eventually(() => expect(calls).toHaveLength(2), 22_000)
  }, 50_000)

  it.each([
    { stranger: 'another name', tls: () => ({ authoritySecretFile: join(folder, 'authority.json'), serverName: 'other.headgate.test' }) },
    { stranger: 'another authority', tls: () => ({ authoritySecretFile: join(folder, 'other.json'), serverName: NAME }) },
  ])('is not made to $stranger', async ({ tls }) => {
    await trust('other', await createAuthority('other'))
    await using envoy = await startEnvoy({ xds: { port: port(), tls: tls() } })
    const refused = async (why: string) => envoy.stat(`cluster.headgate_xds.ssl.fail_verify_${why}`)
    await eventually(async () => expect((await refused('san')) + (await refused('error'))).toBeGreaterThan(0), WITHIN_MS)
    expect(calls).toEqual([])
  })
})
