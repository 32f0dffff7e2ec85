import { describe, expect, it } from '@jest/globals'
import { printBootstrap } from './bootstrap.js'
import { changeBootstrap } from './bootstrap-changes.js'

const TEXT = printBootstrap({
  node: { id: 'a', cluster: 'b' },
  xds: { host: '127.0.0.1', port: 9 },
  adminSocketPath: '/run/admin.sock',
  podListener: { addresses: ['127.0.0.1'], port: 8002, drainKey: 'key' },
})
const layer = { name: 'mine', staticLayer: { flag: 7 } }

describe('changes of a bootstrap', () => {
  it('are none where nothing is said', () => {
    expect(changeBootstrap(TEXT, { operations: [] })).toEqual({ text: TEXT })
  })

  it('put objects together, make lists longer and replace the rest', () => {
    const { text, problem } = changeBootstrap(TEXT, {
      merge: { layeredRuntime: { layers: [layer] }, statsFlushInterval: '1s' },
      operations: [{ op: 'replace', path: '', jsonPath: "$.layeredRuntime.layers[?(@.name=='mine')].name", value: 'yours' }],
    })
    expect(problem).toBeUndefined()
    const { layeredRuntime, statsFlushInterval, node } = JSON.parse(text)
    expect(layeredRuntime.layers.map(({ name }: { name: string }) => name)).toEqual(['headgate', 'yours'])
    expect([statsFlushInterval, node]).toEqual(['1s', { id: 'a', cluster: 'b' }])
  })

  it.each([
    ['admin', { merge: { admin: { address: { pipe: { path: '/tmp/other' } } } }, operations: [] }],
    ['node', { merge: { node: { cluster: 'c' } }, operations: [] }],
    ['dynamicResources', { operations: [{ op: 'remove', path: '/dynamicResources/ldsConfig' } as const] }],
    ['the cluster', { operations: [{ op: 'remove', path: '/staticResources/clusters' } as const] }],
    ['the listeners', { operations: [{ op: 'remove', path: '/staticResources/listeners/0' } as const] }],
  ])('never take %s, which the controller needs', (what, changes) => {
    expect(changeBootstrap(TEXT, changes)).toEqual({ text: TEXT, problem: expect.stringContaining(what) })
  })

  it('are refused where the result is no bootstrap, or a place is not there', () => {
    for (const changes of [
      { merge: { noSuchField: 1 }, operations: [] },
      { merge: { layeredRuntime: 'text' }, operations: [] },
      { operations: [{ op: 'replace', path: '/nowhere/at/all', value: 1 } as const] },
      { operations: [{ op: 'test', path: '/node/id', value: 'other' } as const] },
      {
        operations: Array.from({ length: 64 }, (_, at) => ({
          op: 'copy' as const,
          from: '/layeredRuntime',
          path: `/layeredRuntime/${at}`,
        })),
      },
    ]) {
      const { text, problem } = changeBootstrap(TEXT, changes)
      expect([text === TEXT, typeof problem]).toEqual([true, 'string'])
    }
  })
})
