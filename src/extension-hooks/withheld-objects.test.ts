import { expect, it } from '@jest/globals'
import type { HookQuestion } from '../xds/translate/extension-hooks/hook.js'
import { WithheldObjects } from './withheld-objects.js'

const question = (kind: HookQuestion['kind'], ...objects: readonly string[]): HookQuestion => ({
  kind,
  name: 'x',
  version: 'v',
  value: Buffer.alloc(0),
  isAnswered: false,
  origins: objects.map((object) => {
    const [of = '', name = ''] = object.split('/')
    return { group: 'g', kind: of, namespace: 'n', name, generation: 1 }
  }),
})
const HOST = question('VirtualHost', 'Gateway/gw', 'HTTPRoute/a', 'GRPCRoute/b', 'SecurityPolicy/p')

it('is told by routes of hosts and by Gateways of listeners, and by nothing that is about more', () => {
  const withheld = new WithheldObjects()
  expect([...withheld.note('one', HOST, 'away')]).toEqual([
    ['HTTPRoute/n/a', 'away'],
    ['GRPCRoute/n/b', 'away'],
  ])
  expect([...withheld.note('port', question('Listener', 'Gateway/gw', 'HTTPRoute/a'), 'away')]).toEqual([['Gateway/n/gw', 'away']])
  expect([...withheld.note('cluster', question('Cluster', 'Service/s'), 'away')]).toEqual([])
})

it('is told until the last reason is gone', () => {
  const withheld = new WithheldObjects()
  withheld.note('one', HOST, 'away')
  withheld.note('two', HOST, 'refused')
  expect(withheld.note('one', HOST, undefined).get('HTTPRoute/n/a')).toBe('refused')
  expect(withheld.note('two', HOST, undefined).get('HTTPRoute/n/a')).toBeUndefined()
})

it('is told no more by what the resource is not made from any more', () => {
  const withheld = new WithheldObjects()
  withheld.note('one', HOST, 'away')
  expect([...withheld.note('one', question('VirtualHost', 'HTTPRoute/c'), 'away')]).toEqual([
    ['HTTPRoute/n/a', undefined],
    ['GRPCRoute/n/b', undefined],
    ['HTTPRoute/n/c', 'away'],
  ])
  expect([...withheld.note('one', question('VirtualHost', 'HTTPRoute/d'), undefined)]).toEqual([['HTTPRoute/n/c', undefined]])
})
