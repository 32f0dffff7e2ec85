/** A module from a real registry (the distribution project's), over TLS, with a login. */
import { type ChildProcess, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import https from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { httpRoute, to } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { createAuthority, type TestAuthority } from '../support/certificates.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { startProgram } from '../support/program.js'
import { wasmProgram } from '../support/wasm-program.js'

const world = featureWorld(['guarded'])
const folder = mkdtempSync(join(tmpdir(), 'headgate-registry-'))
const LOGIN = { username: 'ann', password: 'open sesame' }
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

let registry: ChildProcess
let host: string
let authority: TestAuthority

beforeAll(async () => {
  authority = await createAuthority()
  const { certificate, privateKey } = await authority.issue({ ips: ['127.0.0.1'] })
  const port = await freePort()
  host = `127.0.0.1:${port}`
  const place = (name: string) => join(folder, name)
  // bcrypt, as the registry wants it.
  const hash = execFileSync('perl', ['-e', `print crypt("${LOGIN.password}", '$2y$05$abcdefghijklmnopqrstuu')`], { encoding: 'utf8' })
  await writeFile(place('crt'), certificate)
  await writeFile(place('key'), privateKey)
  await writeFile(place('users'), `${LOGIN.username}:${hash}\n`)
  await writeFile(
    place('config.yaml'),
    `
version: 0.1
storage: {filesystem: {rootdirectory: ${place('storage')}}}
http: {addr: "${host}", tls: {certificate: ${place('crt')}, key: ${place('key')}}}
auth: {htpasswd: {realm: test, path: ${place('users')}}}
`,
  )
  registry = startProgram('docker-registry', ['serve', place('config.yaml')], { stdio: 'ignore' })
  await eventually(async () => expect(await send('GET', '/v2/')).toMatchObject({ status: 200 }))
}, 60_000)

afterAll(async () => {
  registry?.kill()
  await rm(folder, { recursive: true, force: true })
})

function send(
  method: string,
  path: string,
  body?: Buffer,
  type = 'application/octet-stream',
): Promise<{ readonly status: number; readonly location: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request(new URL(path, `https://${host}`), {
      method,
      ca: authority.certificate,
      auth: `${LOGIN.username}:${LOGIN.password}`,
      headers: body === undefined ? {} : { 'content-type': type, 'content-length': body.length },
    })
    request.on('error', reject)
    request.on('response', (response) => {
      response.resume()
      response.on('end', () => resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? '' }))
    })
    request.end(body)
  })
}

/** Source: OCI Distribution Specification 1.1, "Push". */
async function pushBlob(repository: string, content: Buffer): Promise<string> {
  const { location } = await send('POST', `/v2/${repository}/blobs/uploads/`)
  const upload = new URL(location, `https://${host}`)
  upload.searchParams.set('digest', digestOf(content))
  expect(await send('PUT', upload.href, content)).toMatchObject({ status: 201 })
  return digestOf(content)
}

it('pulls a module with the login of a Secret, by its tag or its digest', async () => {
  const module = wasmProgram()
  const layer = {
    mediaType: 'application/vnd.module.wasm.content.layer.v1+wasm',
    digest: await pushBlob('team/module', module),
    size: module.length,
  }
  const config = Buffer.from('{}')
  const described = {
    mediaType: 'application/vnd.module.wasm.config.v1+json',
    digest: await pushBlob('team/module', config),
    size: config.length,
  }
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: described, layers: [layer] }))
  expect(await send('PUT', '/v2/team/module/manifests/v1', manifest, MANIFEST)).toMatchObject({ status: 201 })

  const policy = (image: string) => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: p}
spec:
  targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]
  wasm:
    - code: {type: Image, image: {url: "${image}", pullSecretRef: {name: login}, tls: {caCertificateRef: {name: ca}}}}
      config: a text
`
  const auths = JSON.stringify({ auths: { [host]: LOGIN } })
  const secrets = `
{apiVersion: v1, kind: Secret, metadata: {name: ca}, stringData: {ca.crt: ${JSON.stringify(authority.certificate)}}}
---
{apiVersion: v1, kind: Secret, type: kubernetes.io/dockerconfigjson, metadata: {name: login}, stringData: {.dockerconfigjson: '${auths}'}}
`
  const route = httpRoute('r', `[{${to('guarded')}}]`)
  for (const image of [`${host}/team/module:v1`, `oci://${host}/team/module@${digestOf(manifest)}`]) {
    await world.write(route, policy(image), secrets)
    await eventually(async () => expect((await world.ask({ path: '/' })).echo?.headers['x-wasm']).toBe('a text'))
  }
  await world.write(route, policy(`${host}/team/module:v2`), secrets)
  await eventually(() => expect(world.conditions('ExtensionPolicy/default/p')).toEqual(['Accepted=False/FetchFailed']))
  await world.write(route, policy(`${host}/team/module:v1`), secrets.replace(LOGIN.password, 'wrong'))
  await eventually(() => expect(JSON.stringify(world.headgate.status('ExtensionPolicy/default/p'))).toMatch(/refuses the login/))
}, 120_000)
