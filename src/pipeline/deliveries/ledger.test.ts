import { describe, expect, it } from '@jest/globals'
import { DeliveryLedger } from './ledger.js'

const at = (acknowledgedRevision: number, connectedProxies = 1) => ({ acknowledgedRevision, connectedProxies })

describe('DeliveryLedger', () => {
  it('says delivered when every group has acknowledged its revision', () => {
    const ledger = new DeliveryLedger()
    ledger.note(
      'HTTPRoute/a/b',
      3,
      new Map([
        ['g', 7],
        ['h', 2],
      ]),
    )
    expect(ledger.progress('g', at(7))).toEqual(['HTTPRoute/a/b'])
    expect(ledger.delivery('HTTPRoute/a/b')).toEqual({ acknowledgedGeneration: 0, state: 'noProxy' })
    ledger.progress('h', at(1))
    expect(ledger.delivery('HTTPRoute/a/b')).toEqual({ acknowledgedGeneration: 0, state: 'pending' })
    ledger.progress('h', at(2))
    expect(ledger.delivery('HTTPRoute/a/b')).toEqual({ acknowledgedGeneration: 3, state: 'delivered' })
  })

  it('keeps what was delivered when proxies come and go', () => {
    const ledger = new DeliveryLedger()
    ledger.note('Gateway/a/b', 1, new Map([['g', 1]]))
    ledger.progress('g', at(1))
    expect(ledger.delivery('Gateway/a/b')?.state).toBe('delivered')
    expect(ledger.progress('g', at(0, 0))).toEqual([])
    expect(ledger.delivery('Gateway/a/b')?.state).toBe('delivered')
  })

  it('tells others that it is delivered, also while one more proxy joins', () => {
    const ledger = new DeliveryLedger()
    ledger.note('Gateway/a/b', 1, new Map([['g', 1]]))
    ledger.progress('g', at(1))
    ledger.delivery('Gateway/a/b')
    // Nobody looks at it again for this one, so what is said now stays.
    expect(ledger.progress('g', at(0, 2))).toEqual([])
    expect(ledger.states('Gateway/a/b')).toEqual({ generation: 1, groups: new Map([['g', 'acknowledged']]) })
    ledger.note('Gateway/a/b', 2, new Map([['g', 2]]))
    expect(ledger.states('Gateway/a/b')).toEqual({ generation: 2, groups: new Map([['g', 'pending']]) })
  })

  it('waits for a new generation and remembers the old one', () => {
    const ledger = new DeliveryLedger()
    ledger.note('Gateway/a/b', 1, new Map([['g', 1]]))
    ledger.progress('g', at(1))
    ledger.delivery('Gateway/a/b')
    ledger.note('Gateway/a/b', 2, new Map([['g', 2]]))
    expect(ledger.delivery('Gateway/a/b')).toEqual({ acknowledgedGeneration: 1, state: 'pending' })
  })

  it('does not ask again about what is delivered', () => {
    const ledger = new DeliveryLedger()
    ledger.note('Gateway/a/b', 1, new Map([['g', 1]]))
    ledger.progress('g', at(1))
    ledger.delivery('Gateway/a/b')
    expect(ledger.progress('g', at(2))).toEqual([])
  })

  it('forgets objects that are gone', () => {
    const ledger = new DeliveryLedger()
    ledger.note('Gateway/a/b', 1, new Map([['g', 1]]))
    ledger.forget('Gateway/a/b')
    expect(ledger.progress('g', at(1))).toEqual([])
    expect(ledger.delivery('Gateway/a/b')).toBeUndefined()
  })

  it('says rejected until the object is noted again', () => {
    const ledger = new DeliveryLedger()
    ledger.note('HTTPRoute/a/b', 1, new Map([['g', 1]]))
    ledger.reject('HTTPRoute/a/b', 'bad regex')
    ledger.progress('g', at(1))
    expect(ledger.delivery('HTTPRoute/a/b')).toEqual({ acknowledgedGeneration: 0, state: 'rejected', message: 'bad regex' })
    ledger.note('HTTPRoute/a/b', 2, new Map([['g', 1]]))
    expect(ledger.delivery('HTTPRoute/a/b')).toEqual({ acknowledgedGeneration: 2, state: 'delivered' })
  })
})
