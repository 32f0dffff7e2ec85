import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from '@jest/globals'
import { Turns } from './turns.js'

it('gives a turn of the event loop to one of those who wait, however many there are', async () => {
  const turns = new Turns()
  let turn = 0
  const done: [string, number][] = []
  const work = async (name: string): Promise<void> => {
    for (let part = 0; part < 3; part++) {
      await turns.next()
      done.push([name, turn])
    }
  }
  let isOver = false
  const count = async (): Promise<void> => {
    for (; !isOver; turn++) await nextTurn()
  }
  const counted = count()
  await Promise.all(['a', 'b', 'c'].map(work))
  isOver = true
  await counted
  expect(done.map(([name]) => name).join('')).toBe('abcabcabc')
  expect(new Set(done.map(([, at]) => at)).size).toBe(done.length)
})

it('lets somebody who comes when nobody waits have the next turn', async () => {
  const turns = new Turns()
  await turns.next()
  await turns.next()
  const order: string[] = []
  await Promise.all([turns.next().then(() => order.push('first')), turns.next().then(() => order.push('second'))])
  expect(order).toEqual(['first', 'second'])
})
