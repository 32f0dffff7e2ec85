import { expect, it } from '@jest/globals'
import type { ConnectionAuthorization } from '../../../ir/port.js'
import { sourceRanges } from './source-ranges.js'

type Rule = readonly [action: 'allow' | 'deny', ...ranges: readonly string[]]

function ranges(otherwise: 'allow' | 'deny', rules: readonly Rule[]) {
  const range = (text: string) => {
    const [address = '', bits] = text.split('/')
    return { address, bits: Number(bits) }
  }
  const authorization: ConnectionAuthorization = {
    otherwise,
    rules: rules.map(([action, ...clients]) => ({ action, clients: clients.map(range) })),
  }
  const { allowed, denied } = sourceRanges(authorization)
  const texts = (all: typeof allowed) => all.map(({ address, bits }) => `${address}/${bits}`)
  return { allowed: texts(allowed), denied: texts(denied) }
}

it.each<{ what: string; otherwise: 'allow' | 'deny'; rules: readonly Rule[]; allowed: readonly string[]; denied: readonly string[] }>([
  { what: 'nobody', otherwise: 'deny', rules: [], allowed: [], denied: ['0.0.0.0/0', '::/0'] },
  {
    what: 'everybody but one range',
    otherwise: 'allow',
    rules: [['deny', '10.0.0.0/8']],
    allowed: ['0.0.0.0/0', '::/0'],
    denied: ['10.0.0.0/8'],
  },
  {
    what: 'a range in one that is denied later',
    otherwise: 'allow',
    rules: [
      ['allow', '10.1.0.0/16'],
      ['deny', '10.0.0.0/8', 'fd00::/8'],
    ],
    allowed: ['10.1.0.0/16', '0.0.0.0/0', '::/0'],
    denied: ['10.0.0.0/8', 'fd00::/8'],
  },
  {
    what: 'a range in one that was denied before',
    otherwise: 'deny',
    rules: [
      ['deny', '10.0.0.0/8'],
      ['allow', '10.1.0.0/16', '11.0.0.0/8'],
    ],
    allowed: ['11.0.0.0/8'],
    denied: ['10.0.0.0/8', '10.1.0.0/16', '0.0.0.0/0', '::/0'],
  },
  {
    what: 'the same range written twice',
    otherwise: 'deny',
    rules: [
      ['allow', '10.1.2.3/8'],
      ['deny', '10.0.0.0/8'],
    ],
    allowed: ['10.1.2.3/8'],
    denied: ['0.0.0.0/0', '::/0'],
  },
  {
    what: 'a rule about everybody',
    otherwise: 'deny',
    rules: [['deny', '10.0.0.0/8'], ['allow'], ['deny', '11.0.0.0/8']],
    allowed: ['11.0.0.0/8', '0.0.0.0/0', '::/0'],
    denied: ['10.0.0.0/8'],
  },
  {
    what: 'ranges of IPv6, however they are written',
    otherwise: 'deny',
    rules: [
      ['allow', '2001:db8::/32'],
      ['deny', '2001:DB8:0:0:1::/80', '2001:0db8::1/32', '::ffff:10.0.0.0/104', '0:0:0:0:0:ffff:a00:0/104', '10.0.0.0/8'],
      ['allow', 'fe80::1:0:0/96', '2001:db8:0:0:1:2::/96', '::ffff:10.1.0.0/112'],
    ],
    allowed: ['2001:db8::/32', '2001:DB8:0:0:1::/80', 'fe80::1:0:0/96', '2001:db8:0:0:1:2::/96'],
    denied: ['::ffff:10.0.0.0/104', '10.0.0.0/8', '::ffff:10.1.0.0/112', '0.0.0.0/0', '::/0'],
  },
])('decides as the rules do: $what', ({ otherwise, rules, allowed, denied }) => {
  expect(ranges(otherwise, rules)).toEqual({ allowed, denied })
})
