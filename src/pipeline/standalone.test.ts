import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { startTestStandalone } from '../../test/support/standalone.js'
import { startLocalTrust } from '../infra/host/local-trust.js'
import { serverClock } from '../xds/server/clock.js'

it('is ready when the proxy comes before the folder was read, and there is nothing to serve', async () => {
  const resources = await mkdtemp(join(tmpdir(), 'headgate-test-'))
  // Reading many files takes longer than starting an Envoy, and leaves it time to be answered.
  for (let at = 0; at < 4_000; at++) {
    await writeFile(join(resources, `${at}.yaml`), `{apiVersion: v1, kind: ConfigMap, metadata: {name: c${at}}}`)
  }
  // Resolves when it serves.
  const headgate = await startTestStandalone({ resources })
  try {
    expect(headgate.running.controlPlane.server.tracker.connectedProxies('local')).toBe(1)
    expect(headgate.running.controlPlane.snapshots.isComplete).toBe(true)
  } finally {
    await headgate.stop()
    await rm(resources, { recursive: true, force: true })
  }
}, 30_000)

it('leaves what proxies prove themselves by to the Headgate that runs, when its port is taken', async () => {
  const lines: string[] = []
  const headgate = await startTestStandalone({ log: { level: 'warn', format: 'text' } }, {}, (line) => void lines.push(line))
  const { state } = headgate.folders
  const certificate = () => readFile(join(state, 'trust/proxy.pem'), 'utf8')
  try {
    const before = await certificate()
    for (const taken of [{ xdsPort: headgate.running.xdsPort }, { adminPort: headgate.running.adminPort }]) {
      await expect(startTestStandalone({ stateFolder: state, ...taken })).rejects.toThrow('cannot listen on')
    }
    expect(await certificate()).toBe(before)
    // Nor does its Envoy complain when its certificate is renewed.
    const trust = await startLocalTrust(join(state, 'trust'), serverClock)
    for (let times = 0; times < 5; times++) await trust.admitProxies()
    await setTimeout(500)
    trust.stop()
    expect(await certificate()).not.toBe(before)
    expect(lines).toEqual([])
  } finally {
    await headgate.stop()
  }
}, 30_000)

it('serves a Gateway at the address of this machine that it asks for, and at another one when it asks for that', async () => {
  const headgate = await startTestStandalone()
  const asked = async (address: string) => {
    await headgate.write('gateways', ['first', 'second'].map((name) => gateway(name, name === 'second' ? address : undefined)).join('---'))
    const status = headgate.status('Gateway/default/second')
    const conditions = status.shape === 'gateway' ? status.conditions : []
    const { status: answer } = await headgate.send('default/second', 80, { path: '/' })
    return {
      answer,
      address: headgate.place('default/second', 80).address,
      said: conditions.find(({ type }) => type === 'AddressesAssigned')?.status,
    }
  }
  // Elsewhere there is one address for all.
  const hasMany = process.platform === 'linux'
  const expected = (address: string) => ({ answer: 404, address: hasMany ? address : '127.0.0.1', said: hasMany ? 'True' : 'False' })
  try {
    for (const address of ['127.0.0.77', '127.9.9.9', '127.0.0.77']) expect(await asked(address)).toEqual(expected(address))
    expect(await asked('192.0.2.1')).toEqual({ ...expected('127.0.0.77'), said: 'False' })
  } finally {
    await headgate.stop()
  }
}, 30_000)

const gateway = (name: string, address: string | undefined): string => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: ${name}}
spec:
  gatewayClassName: headgate
  listeners: [{name: http, port: 80, protocol: HTTP}]
  ${address === undefined ? '' : `addresses: [{type: IPAddress, value: ${address}}]`}
`
