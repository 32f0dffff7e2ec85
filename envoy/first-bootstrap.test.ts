import { afterEach, describe, expect, it, jest } from '@jest/globals'
import protobuf from 'protobufjs'
import { printBootstrap } from './bootstrap.js'

const programs = globalThis.Function

afterEach(() => {
  globalThis.Function = programs
})

describe('the first bootstrap', () => {
  it('is printed without types of protobufjs, and makes a program for what it has many of alone: both kept the event loop for 40 ms', () => {
    const read = jest.spyOn(protobuf.Type, 'fromJSON')
    let made = 0
    globalThis.Function = new Proxy(programs, {
      construct(target, args: string[]) {
        made++
        return new target(...args)
      },
      apply(target, self, args: string[]) {
        made++
        return Reflect.apply(target, self, args)
      },
    })
    const text = printBootstrap({
      node: { id: 'a', cluster: 'a' },
      xds: {
        host: 'headgate.example',
        port: 18_000,
        tls: { authoritySecretFile: '/a', serverName: 'headgate.example', tokenSecretFile: '/t' },
      },
      adminSocketPath: '/run/admin.sock',
      podListener: { addresses: ['0.0.0.0', '::'], port: 64_001, drainKey: 'key' },
      maxHeapBytes: 1e9,
    })
    expect(text).toMatch('envoy.filters.http.lua')
    expect(read).not.toHaveBeenCalled()
    expect(made).toBeLessThan(4)
    expect(new Function('return 1')()).toBe(1)
    expect(made).toBeGreaterThan(0)
  })
})
