/** The two programs as a user runs them: built, started, asked, edited, stopped. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createNetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { eventually } from '../support/eventually.js'
import { freePort } from '../support/free-port.js'
import { startProgram } from '../support/program.js'

const repository = join(import.meta.dirname, '..', '..')
const WITHIN_MS = 30_000

let folder: string
let temporary: string
let state: string
let backend: Server
let ports: { readonly http: number; readonly xds: number; readonly admin: number }
let headgate: ChildProcess
let log = ''
let out = ''

/** A route that adds a header to its answers. */
const route = (header: string): string => `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: web, namespace: default }
spec:
  parentRefs: [{ name: gateway }]
  rules:
    - filters:
        - type: ResponseHeaderModifier
          responseHeaderModifier: { set: [{ name: x-version, value: ${header} }] }
      backendRefs: [{ group: headgate.dev, kind: Backend, name: web }]
`

const gateway = (httpPort: number, backendPort: number): string => `apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: { name: headgate }
spec: { controllerName: headgate.dev/gateway-controller }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: gateway, namespace: default }
spec:
  gatewayClassName: headgate
  listeners: [{ name: http, port: ${httpPort}, protocol: HTTP }]
---
apiVersion: headgate.dev/v1alpha1
kind: Backend
metadata: { name: web, namespace: default }
spec: { endpoints: [{ ip: { address: 127.0.0.1, port: ${backendPort} } }] }
`

beforeAll(async () => {
  const envoy = await findEnvoy()
  await promisify(execFile)(process.execPath, ['--import', 'tsx', join(repository, 'scripts', 'tasks', 'build.ts')], { cwd: repository })
  folder = mkdtempSync(join(tmpdir(), 'headgate-programs-'))
  temporary = mkdtempSync(join(tmpdir(), 'hg-'))
  state = mkdtempSync(join(tmpdir(), 'headgate-state-'))
  backend = createServer((_, response) => response.end('hello'))
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve))
  ports = { http: await freePort(), xds: await freePort(), admin: await freePort() }
  writeFileSync(join(folder, 'gateway.yaml'), gateway(ports.http, (backend.address() as AddressInfo).port))
  writeFileSync(join(folder, 'route.yaml'), route('one'))
  headgate = start('--resources', folder, '--xds-port', String(ports.xds), '--admin-port', String(ports.admin), '--envoy', envoy.path)
  headgate.stderr?.on('data', (text) => {
    log += text
  })
  headgate.stdout?.on('data', (text) => {
    log += text
    out += text
  })
  await eventually(() => expect(log).toContain('Headgate is running'), WITHIN_MS)
}, 180_000)

afterAll(async () => {
  if (headgate.exitCode === null) headgate.kill('SIGKILL')
  await new Promise((resolve) => backend.close(resolve))
  rmSync(folder, { recursive: true })
  rmSync(temporary, { recursive: true })
  rmSync(state, { recursive: true })
})

function start(...args: readonly string[]): ChildProcess {
  return startProgram(process.execPath, [join(repository, 'bin', 'headgate.js'), ...args], {
    env: { ...process.env, TMPDIR: temporary, XDG_STATE_HOME: state },
  })
}

async function gatewayctl(...args: readonly string[]) {
  const child = spawn(process.execPath, [join(repository, 'bin', 'gatewayctl.js'), '--server', `http://127.0.0.1:${ports.admin}`, ...args])
  let [out, error] = ['', '']
  child.stdout.on('data', (text) => {
    out += text
  })
  child.stderr.on('data', (text) => {
    error += text
  })
  const code = await new Promise((resolve) => child.on('close', resolve))
  return { code, out, error }
}

const ask = async () => (await fetch(`http://127.0.0.1:${ports.http}/`)).headers.get('x-version')

describe('headgate and gatewayctl', () => {
  it('serve a folder, and say where', async () => {
    expect(log).toContain(`127.0.0.1:${ports.http}`)
    expect(log).not.toContain('in order')
    expect(await ask()).toBe('one')
  })

  it('print what there is', async () => {
    const status = await gatewayctl('status')
    expect(status).toMatchObject({ code: 0, error: '' })
    expect(status.out).toMatch(new RegExp(`Gateway +default/gateway +ok +http: HTTP on 127.0.0.1:${ports.http}, 1 route\n`))
    expect((await gatewayctl('proxies')).out).toMatch(/local +local +envoy 1\.\d+\.\d+ +delta .* in sync/)
    expect((await gatewayctl('dump', 'endpoints')).out).toContain(`127.0.0.1:${(backend.address() as AddressInfo).port}`)
    expect(JSON.parse((await gatewayctl('dump', 'all', '-o', 'json')).out)).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'envoy.config.cluster.v3.Cluster', origins: ['Backend/default/web'] })]),
    )
    expect((await gatewayctl('dump', 'bootstrap')).out).toContain('headgate_xds')
    expect((await gatewayctl('version')).out).toMatch(/gatewayctl {2}(\S+)\nheadgate {4}\1\n/)
  })

  it('make an edit live traffic, and know when it is', async () => {
    writeFileSync(join(folder, 'route.yaml'), route('two'))
    await eventually(async () => expect(await ask()).toBe('two'), WITHIN_MS)
    expect(await gatewayctl('wait', 'httproute/web', '--for=delivered', '--timeout=20s')).toMatchObject({
      code: 0,
      out: 'httproute/default/web is delivered\n',
    })
    expect((await gatewayctl('history')).out).toMatch(/RouteConfiguration.* by 1 after \d+ ms +HTTPRoute\/default\/web@2/)
  })

  it('write a line about a request that went wrong, and none about others', async () => {
    const lines = () => out.split('\n').filter((line) => line.startsWith('{'))
    expect((await fetch(`http://127.0.0.1:${ports.http}/gone?password=x`, { headers: { connection: 'close' } })).status).toBe(200)
    writeFileSync(join(folder, 'route.yaml'), route('two').replace('spec:', 'spec:\n  hostnames: [elsewhere.example.com]'))
    await eventually(async () => expect((await fetch(`http://127.0.0.1:${ports.http}/lost?password=x`)).status).toBe(404), WITHIN_MS)
    await eventually(() => expect(lines()).not.toEqual([]), WITHIN_MS)
    for (const line of lines()) expect(JSON.parse(line)).toMatchObject({ path: '/lost', status: 404, response_flags: 'NR' })
    writeFileSync(join(folder, 'route.yaml'), route('two'))
    await eventually(async () => expect(await ask()).toBe('two'), WITHIN_MS)
  })

  it('tell of a broken file and go on', async () => {
    writeFileSync(join(folder, 'broken.yaml'), 'kind: [')
    await eventually(async () => {
      const { code, out } = await gatewayctl('status')
      expect(out).toMatch(/error \S+broken\.yaml:1:\d+: /)
      expect(code).toBe(3)
    }, WITHIN_MS)
    expect(await ask()).toBe('two')
    expect(log).not.toContain('any more')
    rmSync(join(folder, 'broken.yaml'))
    await eventually(() => expect(log).toContain('nothing is wrong with the files any more'), WITHIN_MS)
  })

  it('time out with what is missing', async () => {
    const { code, error } = await gatewayctl('wait', 'httproute/nothing', '--timeout=300ms')
    expect([code, error]).toEqual([4, expect.stringContaining('there is no such object')])
  })

  it.each([
    { taken: 'xds' as const, flag: '--xds-port' },
    { taken: 'admin' as const, flag: '--admin-port' },
  ])(
    'name the flag when the $taken port is taken',
    async ({ taken, flag }) => {
      const squatter = createNetServer()
      const port = await freePort()
      await new Promise<void>((resolve) => squatter.listen(port, '127.0.0.1', resolve))
      const own = { xds: '0', admin: '0', [taken]: String(port) }
      const second = start('--resources', folder, '--no-envoy', '--xds-port', own.xds, '--admin-port', own.admin)
      let output = ''
      second.stderr?.on('data', (text) => {
        output += text
      })
      expect(await new Promise((resolve) => second.on('close', resolve))).toBe(1)
      expect(output).toContain(`cannot listen on 127.0.0.1:${port}: another program listens there. Choose another one with ${flag}.`)
      expect(output.trim().split('\n')).toHaveLength(1)
      await new Promise((resolve) => squatter.close(resolve))
    },
    WITHIN_MS,
  )

  it('end without a word when nobody reads on, as before `head`', async () => {
    const command = `"$0" ${join(repository, 'bin', 'gatewayctl.js')} --server http://127.0.0.1:${ports.admin} dump all -o json; echo "ended with $?" >&2`
    const { stderr } = await promisify(execFile)('sh', ['-c', `{ ${command}; } | true`, process.execPath])
    expect(stderr).toBe('ended with 141\n')
  })

  it(
    'end at once on Ctrl-C, whatever is waited for',
    async () => {
      const silent = createNetServer()
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
      const { port } = silent.address() as AddressInfo
      for (const args of [
        ['--server', `127.0.0.1:${port}`, 'status'],
        ['translate', '-f', '-'],
        ['wait', 'gateway/nothing', '--timeout=20s'],
      ]) {
        const asking = spawn(process.execPath, [join(repository, 'bin', 'gatewayctl.js'), ...args], { stdio: ['pipe', 'ignore', 'ignore'] })
        const ended = new Promise((resolve) => asking.on('exit', (_, signal) => resolve(signal)))
        if (args.includes('status')) await new Promise((resolve) => silent.once('connection', resolve))
        else await sleep(1_000)
        const began = performance.now()
        asking.kill('SIGINT')
        expect(await ended).toBe('SIGINT')
        expect(performance.now() - began).toBeLessThan(5_000)
      }
      silent.close()
    },
    WITHIN_MS,
  )

  it(
    'serve on when the disk of the log is full',
    async () => {
      const admin = await freePort()
      const full = openSync('/dev/full', 'w')
      const args = ['--resources', folder, '--no-envoy', '--xds-port', '0', '--admin-port', String(admin), '--log-level', 'debug']
      const second = startProgram(process.execPath, [join(repository, 'bin', 'headgate.js'), ...args], {
        env: { ...process.env, TMPDIR: temporary, XDG_STATE_HOME: state },
        stdio: ['ignore', full, full],
      })
      closeSync(full)
      const ended = new Promise((resolve) => second.on('exit', resolve))
      await eventually(async () => expect((await fetch(`http://127.0.0.1:${admin}/readyz`)).status).toBe(200), WITHIN_MS)
      second.kill('SIGTERM')
      expect(await ended).toBe(0)
    },
    WITHIN_MS,
  )

  it('say that the disk of the output is full', async () => {
    const command = `"$0" ${join(repository, 'bin', 'gatewayctl.js')} completion bash >/dev/full; echo "ended with $?" >&2`
    const { stderr } = await promisify(execFile)('sh', ['-c', command, process.execPath])
    expect(stderr).toBe('The output cannot be written: ENOSPC: no space left on device, write.\nended with 1\n')
  })

  it(
    'serve on when nobody reads the log any more',
    async () => {
      const admin = await freePort()
      const second = start('--resources', folder, '--no-envoy', '--xds-port', '0', '--admin-port', String(admin))
      const ended = new Promise((resolve) => second.on('exit', resolve))
      try {
        const isReady = async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).status
        await eventually(async () => expect(await isReady()).toBe(200), WITHIN_MS)
        second.stdout?.destroy()
        second.stderr?.destroy()
        // What is wrong stands in the log, once more for each file.
        for (const name of ['broken.yaml', 'worse.yaml']) {
          writeFileSync(join(folder, name), 'kind: [')
          await eventually(async () => expect(await (await fetch(`http://127.0.0.1:${admin}/status`)).text()).toContain(name), WITHIN_MS)
          rmSync(join(folder, name))
        }
        expect(await isReady()).toBe(200)
        second.kill('SIGINT')
        expect(await ended).toBe(0)
      } finally {
        second.kill('SIGKILL')
      }
    },
    WITHIN_MS,
  )

  it(
    'stop on Ctrl-C and leave nothing behind',
    async () => {
      const children = await envoysOf(headgate.pid)
      const before = log.length
      expect(children).toHaveLength(1)
      const ended = new Promise((resolve) => headgate.on('close', resolve))
      headgate.kill('SIGINT')
      // npm and the shell deliver the same Ctrl-C again.
      headgate.kill('SIGINT')
      expect(await ended).toBe(0)
      expect(log.slice(before)).not.toMatch(/WARN|ERROR/)
      expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([])
      expect(readdirSync(temporary)).toEqual([])
      await expect(ask()).rejects.toThrow()
    },
    WITHIN_MS,
  )

  it('say what to do when nobody answers', async () => {
    const { code, error } = await gatewayctl('status')
    expect([code, error]).toEqual([1, expect.stringContaining('Is it running?')])
  })
})

/** The processes that a process has started. */
async function envoysOf(parent: number | undefined): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'pid=', '--ppid', String(parent)])
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map(Number)
}
