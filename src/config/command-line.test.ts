import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { DEFAULT_ROUTE_PACKING } from '../xds/translate/packing.js'
import { readCommandLine } from './command-line.js'
import { listenError } from './listen-error.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-config-'))
  mkdirSync(join(folder, 'examples', 'quickstart'), { recursive: true })
  mkdirSync(join(folder, 'mine'))
  writeFileSync(join(folder, 'file.yaml'), '')
})
afterAll(() => rmSync(folder, { recursive: true }))

function read(...args: string[]) {
  const printed: string[] = []
  const result = readCommandLine(args, {
    environment: { HOME: '/users/me', POD_NAME: 'headgate-1', POD_NAMESPACE: 'gateways' },
    workingFolder: folder,
    packageFolder: folder,
    writeOut: (text) => void printed.push(text),
    writeError: (text) => void printed.push(text),
  })
  return { result, out: printed.join('') }
}

function config(...args: string[]) {
  const { result, out } = read(...args)
  if (result.kind !== 'run') throw new Error(out)
  return result.config
}

describe('standalone', () => {
  it('runs the quickstart by default', () => {
    expect(config()).toEqual({
      provider: 'file',
      log: { level: 'info', format: 'text' },
      controllerName: 'headgate.dev/gateway-controller',
      routePacking: DEFAULT_ROUTE_PACKING,
      accessLog: 'errors',
      envoyPatches: false,
      resources: join(folder, 'examples', 'quickstart'),
      isQuickstart: true,
      allowPartial: false,
      listenOffset: 0,
      xdsPort: 18_000,
      xdsPlaintext: false,
      adminPort: 19_000,
      envoy: { kind: 'find' },
      stateFolder: '/users/me/.local/state/headgate',
    })
  })

  it.each([
    { variables: { HOME: '/users/me' }, want: '/users/me/.local/state/headgate' },
    { variables: { HOME: '/users/me', XDG_STATE_HOME: '/var/me' }, want: '/var/me/headgate' },
    { variables: { HOME: '/users/me', XDG_STATE_HOME: '' }, want: '/users/me/.local/state/headgate' },
    { variables: { HOME: '' }, want: join(homedir(), '.local/state/headgate') },
  ])('keeps its state at $want with $variables', ({ variables: environment, want }) => {
    const surroundings = { environment, workingFolder: folder, packageFolder: folder, writeOut: () => {}, writeError: () => {} }
    expect(readCommandLine([], surroundings)).toMatchObject({ config: { stateFolder: want } })
  })

  it.each([
    { flag: "a folder of one's own", args: ['-r', 'mine'], want: () => ({ resources: join(folder, 'mine'), isQuickstart: false }) },
    { flag: 'a binary', args: ['--envoy', 'bin/envoy'], want: () => ({ envoy: { kind: 'path', path: join(folder, 'bin/envoy') } }) },
    { flag: 'scopes', args: ['--route-packing', 'scoped'], want: () => ({ routePacking: 'scoped' }) },
    { flag: 'a limit for scopes', args: ['--route-packing', 'scoped-above=9'], want: () => ({ routePacking: { scopedAbove: 9 } }) },
    { flag: 'a line for every request', args: ['--access-log', 'all'], want: () => ({ accessLog: 'all' }) },
    { flag: 'no Envoy', args: ['--no-envoy'], want: () => ({ envoy: { kind: 'none' } }) },
    { flag: 'an offset', args: ['--listen-offset', '100'], want: () => ({ listenOffset: 100 }) },
    { flag: 'ports', args: ['--xds-port', '0', '--admin-port=1'], want: () => ({ xdsPort: 0, adminPort: 1 }) },
    {
      flag: 'log lines for machines',
      args: ['--log-format', 'json', '--log-level', 'debug'],
      want: () => ({ log: { level: 'debug', format: 'json' } }),
    },
  ])('takes $flag', ({ args, want }) => {
    expect(config(...args)).toMatchObject(want())
  })
})

describe('Kubernetes', () => {
  it('takes its place from the pod', () => {
    expect(config('--provider', 'kubernetes')).toEqual({
      provider: 'kubernetes',
      log: { level: 'info', format: 'json' },
      controllerName: 'headgate.dev/gateway-controller',
      routePacking: DEFAULT_ROUTE_PACKING,
      accessLog: 'errors',
      envoyPatches: false,
      xds: { host: '', port: 18_000 },
      admin: { host: '127.0.0.1', port: 19_000 },
      health: { host: '', port: 8081 },
      metrics: { host: '', port: 8080 },
      namespace: 'gateways',
      watch: { kind: 'all' },
      kubeconfig: undefined,
      context: undefined,
      xdsService: 'headgate',
      authoritySecret: 'headgate-authority',
      awaitAuthority: false,
      envoyImage: 'docker.io/envoyproxy/envoy:distroless-v1.40.0',
      replicaName: 'headgate-1',
      podAddresses: [],
    })
  })

  it.each([
    {
      flag: 'namespaces',
      args: ['--watch-namespaces', 'web, shop,web'],
      want: { watch: { kind: 'namespaces', namespaces: ['web', 'shop'] } },
    },
    { flag: 'a selector', args: ['--watch-selector', 'team=a'], want: { watch: { kind: 'selector', labelSelector: 'team=a' } } },
    {
      flag: 'a rate limit service',
      args: ['--rate-limit-service', 'limits.system.svc:8081'],
      want: { rateLimitService: { host: 'limits.system.svc', port: 8081 } },
    },
    {
      flag: 'an extension server',
      args: ['--extension-server', 'hooks.system.svc:9000', '--extension-resources', 'Listener, VirtualHost', '--extension-timeout', '200'],
      want: {
        extensionServer: {
          address: 'hooks.system.svc:9000',
          kinds: ['VirtualHost', 'Listener'],
          failurePolicy: 'Ignore',
          timeoutMs: 200,
          tlsFolder: undefined,
        },
      },
    },
    { flag: 'IPv6', args: ['--xds-address', '[::1]:1'], want: { xds: { host: '::1', port: 1 } } },
    { flag: 'IPv4', args: ['--metrics-address', '0.0.0.0:1'], want: { metrics: { host: '0.0.0.0', port: 1 } } },
  ])('takes $flag', ({ args, want }) => {
    expect(config('--provider', 'kubernetes', ...args)).toMatchObject(want)
  })
})

describe('a wrong command line', () => {
  it.each([
    { args: ['--resources', 'none'], says: /--resources names .*none, which does not exist/ },
    { args: ['--resources', 'file.yaml'], says: /which is a file: name its folder/ },
    { args: ['--xds-port', '70000'], says: /A port is at most 65535/ },
    { args: ['--admin-port', 'x'], says: /whole number/ },
    { args: ['--log-level', 'loud'], says: /Allowed choices are trace, debug, info, warn, error, silent/ },
    { args: ['--listen-ofset', '1'], says: /unknown option '--listen-ofset'\n\(Did you mean --listen-offset\?\)/ },
    { args: ['mine'], says: /too many arguments/ },
    { args: ['--namespace', 'x'], says: /--namespace is for --provider kubernetes/ },
    { args: ['--provider', 'kubernetes', '--no-envoy'], says: /--no-envoy is for --provider file/ },
    { args: ['--provider', 'kubernetes', '--watch-namespaces', 'A'], says: /"A" is not the name of a namespace/ },
    { args: ['--provider', 'kubernetes', '--watch-namespaces', 'a', '--watch-selector', 'b'], says: /cannot be used with/ },
    { args: ['--provider', 'kubernetes', '--xds-address', 'host:1'], says: /Write ADDRESS:PORT/ },
    { args: ['--route-packing', 'both'], says: /Write rds, scoped, or scoped-above=/ },
    { args: ['--extension-server', 'hooks'], says: /Write HOST:PORT/ },
    { args: ['--extension-resources', 'VirtualHost,Route'], says: /Write some of VirtualHost, Cluster, Listener/ },
    { args: ['--extension-timeout', '0'], says: /Write milliseconds from 1 to 10000/ },
    { args: ['--extension-server', 'h:1', '--extension-tls', 'mine'], says: /--extension-tls names .*mine, which holds no ca\.crt/ },
    { args: ['--controller-name', 'headgate'], says: /Write DOMAIN\/NAME/ },
  ])('$args ends with 2 and says what is right', ({ args, says }) => {
    const { result, out } = read(...args)
    expect(result).toEqual({ kind: 'exit', code: 2 })
    expect(out).toMatch(says)
  })
})

it('explains itself', () => {
  const { result, out } = read('--help')
  expect(result).toEqual({ kind: 'exit', code: 0 })
  expect(out).toMatch(/With files[\s\S]*--resources[\s\S]*With Kubernetes[\s\S]*--watch-namespaces[\s\S]*Examples:/)
})

it('prints its version', () => {
  expect(read('--version')).toEqual({ result: { kind: 'exit', code: 0 }, out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
})

describe('listenError', () => {
  const attempt = { what: 'the xDS server', host: '127.0.0.1', port: 18_000, flag: '--xds-port' }
  it.each([
    { code: 'EADDRINUSE', says: 'another program listens there.' },
    { code: 'EACCES', says: 'this user may not use that port.' },
    { code: 'EADDRNOTAVAIL', says: 'this machine has no such address.' },
    { code: 'EIO', says: 'boom.' },
  ])('tells $code with the flag to change', ({ code, says }) => {
    const error = listenError(Object.assign(new Error('boom'), { code }), attempt)
    expect(error.message).toBe(`the xDS server cannot listen on 127.0.0.1:18000: ${says} Choose another one with --xds-port.`)
  })
})
