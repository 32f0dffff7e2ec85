/** Commands against an admin server with known content; the real one is asked in test/cli. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { freePort } from '../../test/support/free-port.js'
import { type Handler, json, type RunningHttpServer, startHttpServer } from '../admin/http-server.js'
import { runGatewayctl } from './run-gatewayctl.js'

const now = Date.parse('2026-01-01T00:01:00Z')
const listenerType = 'type.googleapis.com/envoy.config.listener.v3.Listener'
const proxy = {
  stream: 1,
  node: 'pod-1',
  userAgent: 'envoy/1.40.0',
  group: 'default/web',
  subject: 's',
  peer: '10.0.0.1:5',
  protocol: 'delta',
  connectedAt: '2026-01-01T00:00:00Z',
  acknowledgedRevision: 7,
}
const type = { typeUrl: listenerType, sentRevision: 7, acknowledgedRevision: 6, acknowledgedAt: '2026-01-01T00:00:10Z' }
const rejection = { message: 'bad regex', at: '2026-01-01T00:00:20Z', names: [] }
const object = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default', generation: 1 }
const resolved = (status: string) => ({
  type: 'ResolvedRefs',
  status,
  reason: 'BackendNotFound',
  message: 'no Service x',
  observedGeneration: 1,
})
const parentRef = { group: '', kind: 'Gateway', name: 'gw' }

let server: RunningHttpServer
let routes: ReadonlyMap<string, Handler>
let folder: string
beforeAll(async () => {
  routes = new Map<string, Handler>([
    [
      '/leader/status',
      () =>
        json({
          objects: [
            { shape: 'route', object: { ...object, name: 'bad' }, parents: [{ parentRef, conditions: [resolved('False')] }] },
            { shape: 'route', object: { ...object, name: 'changed' }, parents: [{ parentRef, conditions: [resolved('True')] }] },
            { shape: 'route', object: { ...object, name: 'good' }, parents: [{ parentRef, conditions: [resolved('True')] }] },
          ],
          listeners: [],
          problems: [
            { severity: 'warning', where: 'a.yaml:1:1', message: 'unknown field' },
            {
              severity: 'error',
              where: 'b.yaml:9:1',
              message: 'HTTPRoute/default/refused: no rules',
              object: { ...object, name: 'refused' },
            },
            {
              severity: 'error',
              where: 'c.yaml:1:1',
              message: 'HTTPRoute/default/changed: no rules',
              object: { ...object, name: 'changed' },
            },
          ],
        }),
    ],
    [
      '/replicas/proxies',
      () =>
        json({
          found: [
            { ...proxy, types: [{ ...type, pendingMs: 65_000 }] },
            { ...proxy, node: 'pod-2', types: [{ ...type, lastRejection: rejection }] },
            { ...proxy, node: 'pod-3', types: [{ ...type, acknowledgedAt: '2026-01-01T00:00:30Z', lastRejection: rejection }] },
          ].map((each) => ({ ...each, replica: '' })),
          silent: [],
        }),
    ],
    ['/version', () => ({ body: '<html>' })],
  ])
  server = await startHttpServer({ what: 'admin', host: '127.0.0.1', port: 0, flag: '', routes, onError: () => {} })
  folder = mkdtempSync(join(tmpdir(), 'headgate-cli-'))
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function run(
  args: readonly string[],
  options: { readonly isTerminal?: boolean; readonly environment?: Record<string, string>; readonly clock?: () => number } = {},
) {
  const [out, error]: [string[], string[]] = [[], []]
  const code = await runGatewayctl(args, {
    environment: { HEADGATE_SERVER: `http://127.0.0.1:${server.port}`, ...options.environment },
    out: (text) => void out.push(text),
    error: (text) => void error.push(text),
    isTerminal: options.isTerminal ?? false,
    now: options.clock ?? (() => now),
    workingFolder: folder,
  })
  return { code, out: out.join(''), error: error.join('') }
}

describe('gatewayctl status', () => {
  it('tells what is wrong and ends with 3', async () => {
    const { code, out } = await run(['status'])
    expect(code).toBe(3)
    expect(out).toBe(
      [
        'KIND       NAME             STATE    DETAILS',
        'HTTPRoute  default/bad      problem  parent gw: ResolvedRefs: BackendNotFound: no Service x',
        'HTTPRoute  default/changed  ok',
        'HTTPRoute  default/good     ok',
        '',
        'warning a.yaml:1:1: unknown field',
        'error b.yaml:9:1: HTTPRoute/default/refused: no rules',
        'error c.yaml:1:1: HTTPRoute/default/changed: no rules',
        '',
      ].join('\n'),
    )
  })

  it('shows what it is asked for', async () => {
    expect(await run(['status', 'httproute/good'])).toMatchObject({ code: 0, out: expect.not.stringContaining('bad') })
    expect(await run(['status', '-n', 'other'])).toEqual({
      code: 0,
      out: 'There is no object of this kind, name and namespace that has a status.\n',
      error: '',
    })
  })

  it('tells of an object that was refused where it is asked for, and ends with 3 where nobody knows the one that is named', async () => {
    const line = 'error b.yaml:9:1: HTTPRoute/default/refused: no rules'
    for (const words of [['httproute/refused'], ['httproute'], ['-n', 'default']]) {
      const { code, out } = await run(['status', ...words])
      expect([code, out.includes(line), out.includes('a.yaml')]).toEqual([3, true, false])
    }
    const nobody = await run(['status', 'httproute/nobody'])
    expect(nobody).toMatchObject({ code: 3, out: 'There is no object of this kind, name and namespace that has a status.\n' })
    const near = await run(['status', 'httproute/god'])
    expect(near.out).toBe('There is no object of this kind, name and namespace that has a status. Is HTTPRoute/default/good meant?\n')
  })

  it('colours what a terminal shows, unless it is told not to', async () => {
    const csi = '\u001b['
    expect((await run(['status'], { isTerminal: true })).out).toContain(csi)
    for (const quiet of [
      run(['status']),
      run(['--no-color', 'status'], { isTerminal: true }),
      run(['status'], { isTerminal: true, environment: { NO_COLOR: '1' } }),
    ]) {
      expect((await quiet).out).not.toContain(csi)
    }
  })
})

describe('gatewayctl wait', () => {
  it('does not take an older version for one that was refused', async () => {
    let time = 0
    const clock = (): number => (time += 1000)
    const wait = (name: string) => run(['wait', `httproute/${name}`, '--for', 'resolved', '--timeout', '1s'], { clock })
    expect(await wait('good')).toMatchObject({ code: 0 })
    for (const [name, where] of [
      ['changed', 'c.yaml:1:1'],
      ['refused', 'b.yaml:9:1'],
    ] as const) {
      const error = `httproute/default/${name} is not resolved after 1 s\n  ${where}: HTTPRoute/default/${name}: no rules\n`
      expect(await wait(name)).toMatchObject({ code: 4, error })
    }
  })

  it('says which other object may be meant', async () => {
    let time = 0
    const { error } = await run(['wait', 'httproute/god', '--timeout', '1s'], { clock: () => (time += 1000) })
    expect(error).toContain('  there is no such object with a status of Headgate\n  HTTPRoute/default/good: is this one meant?\n')
  })
})

it('gatewayctl proxies tells who is late and who refused, and forgives what was settled later', async () => {
  expect((await run(['proxies'])).out).toBe(
    [
      'PROXY  GROUP        ENVOY   PROTOCOL  CONNECTED  REVISION  STATE',
      'pod-1  default/web  1.40.0  delta     1m         7         Listener unanswered for 1m5s',
      'pod-2  default/web  1.40.0  delta     1m         7         rejected Listener: bad regex',
      'pod-3  default/web  1.40.0  delta     1m         7         in sync',
      '',
    ].join('\n'),
  )
})

describe('gatewayctl translate', () => {
  const gatewayClass = 'apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: { name: headgate }\n'

  it('says that files are in order', async () => {
    writeFileSync(join(folder, 'good.yaml'), `${gatewayClass}spec: { controllerName: headgate.dev/gateway-controller }\n`)
    expect(await run(['translate', '-f', 'good.yaml'])).toEqual({
      code: 0,
      out: 'KIND          NAME      STATE  DETAILS\nGatewayClass  headgate  ok\n',
      error: '',
    })
  })

  it('says where listeners of ListenerSets listen, as it does of those of Gateways', async () => {
    const object = (kind: string, name: string, spec: string) =>
      `{apiVersion: gateway.networking.k8s.io/v1, kind: ${kind}, metadata: {name: ${name}}, spec: ${spec}}`
    const listeners = (...names: readonly string[]) =>
      `listeners: [${names.map((name, at) => `{name: ${name}, port: ${8080 + at}, protocol: HTTP}`)}]`
    const objects = [
      `${gatewayClass}spec: { controllerName: headgate.dev/gateway-controller }\n`,
      object('Gateway', 'web', `{gatewayClassName: headgate, allowedListeners: {namespaces: {from: Same}}, ${listeners('http')}}`),
      object('ListenerSet', 'web', `{parentRef: {name: web}, ${listeners('http', 'more')}}`),
    ]
    writeFileSync(join(folder, 'sets.yaml'), objects.join('\n---\n'))
    const { out } = await run(['translate', '-f', 'sets.yaml'])
    expect(
      out
        .split('\n')
        .flatMap((line) => /(?:http|more): .*/.exec(line) ?? [])
        .filter((line) => line.includes('route')),
    ).toEqual(['http: HTTP on 127.0.0.1:8080, 0 routes', 'http: HTTP 8080, not served, 0 routes', 'more: HTTP on 127.0.0.1:8081, 0 routes'])
  })

  it('finds what is wrong with a file, a field, a reference', async () => {
    writeFileSync(join(folder, 'bad.yaml'), `${gatewayClass}spec: { controllerName: "no domain" }\n`)
    const { code, out } = await run(['translate', '-f', 'bad.yaml'])
    expect([code, out]).toEqual([3, expect.stringMatching(/error bad\.yaml:4:\d+: GatewayClass\/headgate: spec\.controllerName/)])
  })

  it('reads of a folder what Headgate would: links to folders, and nothing that is hidden', async () => {
    const write = (path: string, name: string): void => {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(
        join(folder, path),
        `${gatewayClass.replace('headgate', name)}spec: { controllerName: headgate.dev/gateway-controller }\n`,
      )
    }
    write('all/one.yaml', 'one')
    write('all/deep/two.json.yml', 'two')
    write('elsewhere/three.yaml', 'three')
    write('all/.github/workflow.yaml', 'hidden')
    write('all/..data/one.yaml', 'one')
    write('all/.one.yaml', 'one')
    write('all/notes.txt', 'text')
    mkdirSync(join(folder, 'all/odd.yaml'))
    symlinkSync(join(folder, 'elsewhere'), join(folder, 'all/linked'))
    symlinkSync(join(folder, 'all'), join(folder, 'all/deep/loop'))
    symlinkSync('nowhere.yaml', join(folder, 'all/lost.yaml'))
    const { code, out, error } = await run(['translate', '-f', 'all'])
    expect([code, error]).toEqual([0, ''])
    expect(out.match(/^GatewayClass +\S+/gm)?.map((line) => line.split(/ +/)[1])).toEqual(['one', 'three', 'two'])
  })

  it('finds fault with nothing at all: whoever should have made it may have failed', async () => {
    mkdirSync(join(folder, 'empty'))
    writeFileSync(join(folder, 'comment.yaml'), '---\n# nothing\n')
    for (const command of [['translate'], ['explain', 'http://example.com/']]) {
      expect(await run([...command, '-f', 'empty', '-f', 'comment.yaml'])).toEqual({
        code: 1,
        out: '',
        error: 'There is no object in empty, comment.yaml.\n',
      })
    }
  })

  it('says which Gateways are looked after where none is', async () => {
    const spec = 'spec: { gatewayClassName: headgat, listeners: [{ name: http, port: 80, protocol: HTTP }] }'
    writeFileSync(join(folder, 'typo.yaml'), `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: { name: web }\n${spec}\n`)
    const { out } = await run(['translate', '-f', 'typo.yaml'])
    expect(out).toMatch(/^There is no object that Headgate looks after\..* with files, a Gateway of the class "headgate" is enough\.\n/)
    expect(out).toContain('there is no GatewayClass "headgat": correct the name; "headgate" is there without a file')
  })

  it('looks at classes of the controller that it is told', async () => {
    writeFileSync(join(folder, 'theirs.yaml'), `${gatewayClass}spec: { controllerName: example.com/theirs }\n`)
    expect((await run(['translate', '-f', 'theirs.yaml'])).out).toContain('warning GatewayClass/headgate: spec.controllerName')
    const { out } = await run(['translate', '-f', 'theirs.yaml', '--controller-name', 'example.com/theirs'])
    expect(out).toBe('KIND          NAME      STATE  DETAILS\nGatewayClass  headgate  ok\n')
    const explain = ['explain', 'tcp://127.0.0.1:9000', '-f', 'theirs.yaml', '-f', 'port.yaml']
    writeFileSync(
      join(folder, 'port.yaml'),
      '{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw}, spec: {gatewayClassName: headgate, listeners: [{name: t, port: 9000, protocol: TCP}]}}',
    )
    expect((await run(explain)).out).toContain('No Gateway has a listener for TCP on port 9000')
    expect((await run([...explain, '--controller-name', 'example.com/theirs'])).out).toContain('no backend of it can be used')
  })

  it('is clear about files that are not there', async () => {
    expect(await run(['translate', '-f', 'nothing.yaml'])).toEqual({
      code: 1,
      out: '',
      error: 'There is no file or folder nothing.yaml.\n',
    })
  })
})

it('waits for a generation that Headgate has not read yet', async () => {
  const wait = (generation: string) => run(['wait', 'httproute/good', '--for=resolved', '--timeout=0ms', '--generation', generation])
  expect(await wait('1')).toMatchObject({ code: 0 })
  expect(await wait('2')).toMatchObject({ code: 4, error: expect.stringContaining('Headgate has read its generation 1') })
})

it.each([
  { object: 'good', wanted: 'condition=ResolvedRefs', code: 0, says: '' },
  { object: 'good', wanted: 'condition=resolvedrefs=true', code: 0, says: '' },
  { object: 'bad', wanted: 'condition=ResolvedRefs=False', code: 0, says: '' },
  { object: 'good', wanted: 'condition=ResolvedRefs=False', code: 4, says: 'is not condition=ResolvedRefs=False' },
  { object: 'good', wanted: 'condition=Programed', code: 4, says: 'it has no condition Programed, but ResolvedRefs' },
])('waits for $wanted of $object as kubectl does, and ends with $code', async ({ object: name, wanted, code, says }) => {
  const waited = await run(['wait', `httproute/${name}`, `--for=${wanted}`, '--timeout=0ms'])
  expect([waited.code, waited.error]).toEqual([code, expect.stringContaining(says)])
})

it('waits for a Headgate that is about to start, and says in the end that there is none', async () => {
  const port = await freePort()
  const wait = (timeout: string) =>
    run(['-s', `127.0.0.1:${port}`, 'wait', 'httproute/good', '--for=resolved', `--timeout=${timeout}`], { clock: Date.now })
  expect(await wait('300ms')).toMatchObject({ code: 1, error: expect.stringContaining(`No Headgate answers at http://127.0.0.1:${port}`) })
  const waiting = wait('30s')
  await sleep(300)
  const late = await startHttpServer({ what: 'admin', host: '127.0.0.1', port, flag: '', routes, onError: () => {} })
  expect(await waiting).toMatchObject({ code: 0 })
  await late.stop()
})

describe('an answer that is none', () => {
  /** Answers with this, and ends the connection in the middle of it where it is shorter than it says. */
  async function answering(answer: string): Promise<AsyncDisposable & { readonly port: number }> {
    const half = createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.end(answer)))
    await once(half.listen(0, '127.0.0.1'), 'listening')
    return { port: (half.address() as AddressInfo).port, [Symbol.asyncDispose]: async () => void half.close() }
  }

  it.each([
    { what: 'half a status', answer: 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"objects": [', says: 'No Headgate answers at' },
    { what: 'half a failure', answer: 'HTTP/1.1 500 No\r\ncontent-length: 100\r\n\r\nThis fai', says: 'No Headgate answers at' },
    { what: 'a failure', answer: 'HTTP/1.1 500 No\r\ncontent-length: 4\r\n\r\nbad\n', says: '/leader/status answers 500: bad\n' },
    { what: 'a page', answer: 'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>', says: '/leader/status is no JSON' },
  ])('is told: $what', async ({ answer, says }) => {
    await using server = await answering(answer)
    const { code, error } = await run(['-s', `127.0.0.1:${server.port}`, 'status'])
    expect([code, error]).toEqual([1, expect.stringContaining(says)])
  })

  it('does not end a wait before its time: Headgate is started anew', async () => {
    await using server = await answering('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"objects": [')
    const began = performance.now()
    const waited = await run(['-s', `127.0.0.1:${server.port}`, 'wait', 'httproute/a', '--timeout=500ms'], { clock: Date.now })
    expect([waited.code, performance.now() - began >= 500]).toEqual([1, true])
  })

  it('does not keep a wait behind its time: nothing comes from a connection that is forwarded to nowhere', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    const began = performance.now()
    const waited = await run(['-s', `127.0.0.1:${port}`, 'wait', 'httproute/a', '--timeout=100ms'], { clock: Date.now })
    expect([waited.code, waited.error]).toEqual([1, expect.stringContaining('no answer within 1 s')])
    expect(performance.now() - began).toBeLessThan(10_000)
    silent.close()
  })
})

describe('a wrong command line', () => {
  it.each([
    { args: ['nonsense'], says: "unknown command 'nonsense'" },
    { args: ['explain'], says: '(gatewayctl explain --help says what it takes)' },
    { args: ['dump', 'nonsense'], says: 'Allowed choices are listeners' },
    { args: ['translate'], says: "required option '-f, --file <path>' not specified" },
    { args: ['wait', 'httproute'], says: 'Name one object' },
    { args: ['wait', 'httproute/a', '--for=rain'], says: '--for takes accepted' },
    { args: ['wait', 'httproute/a', '--for=constructor'], says: '--for takes accepted' },
    { args: ['wait', 'httproute/a', '--generation=new'], says: 'Write a whole number from 1' },
    { args: ['wait', 'httproute/a', '--timeout=soon'], says: 'Write a time such as' },
    { args: ['history', '--limit=0'], says: 'Write a whole number from 1' },
    { args: ['status', 'a/b/c/d'], says: 'Write KIND, KIND/NAME' },
    { args: ['status', 'nosuchkind'], says: 'Headgate reads no kind "nosuchkind"' },
    { args: ['wait', 'httprout/a'], says: 'Headgate reads no kind "httprout"' },
    { args: ['get', 'policies', '--for', 'httprout/a'], says: 'Headgate reads no kind "httprout"' },
  ])('$args ends with 2', async ({ args, says }) => {
    const { code, error } = await run(args)
    expect([code, error]).toEqual([2, expect.stringContaining(says)])
  })
})

it('takes help for a command as well as for an option', async () => {
  const asked = await run(['help', 'explain'])
  expect(asked).toEqual(await run(['explain', '--help']))
  expect([asked.code, asked.out]).toEqual([0, expect.stringContaining('Usage: gatewayctl explain')])
})

it('says when something else answers', async () => {
  const client = await run(['history'], { environment: { HEADGATE_SERVER: `http://127.0.0.1:${server.port}/other` } })
  expect([client.code, client.error]).toEqual([1, expect.stringContaining("is not Headgate's admin server, or one of another version")])
  expect((await run(['version'])).out).toContain('headgate    does not answer')
})

describe('completion', () => {
  /** What bash would offer behind these words. */
  async function complete(...words: readonly string[]): Promise<readonly string[]> {
    const { out } = await run(['completion', 'bash'])
    const script = `${out}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length - 1}\n_gatewayctl\nprintf '%s\\n' "\${COMPREPLY[@]}"`
    return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).trim().split('\n')
  }

  it.each([
    { words: ['gatewayctl', 'st'], want: ['status'] },
    { words: ['gatewayctl', 'dump', 'l'], want: ['listeners'] },
    { words: ['gatewayctl', 'dump', 'routes', '-o', ''], want: ['table', 'yaml', 'json'] },
    { words: ['gatewayctl', 'translate', '--show', 'st'], want: ['status'] },
    { words: ['gatewayctl', 'proxies', '--w'], want: ['--watch'] },
  ])('$words', async ({ words, want }) => {
    expect(await complete(...words)).toEqual(want)
  })

  it('speaks zsh and fish as well', async () => {
    expect((await run(['completion', 'zsh'])).out).toMatch(/^#compdef gatewayctl\n/)
    expect((await run(['completion', 'fish'])).out).toContain(
      "complete -c gatewayctl -n '__fish_seen_subcommand_from dump' -f -a listeners",
    )
  })
})
