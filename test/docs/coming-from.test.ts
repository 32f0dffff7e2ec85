/** docs/coming-from.md names fields that exist, and commands that gatewayctl has. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { KINDS } from '../../src/kinds/index.js'
import { ownFields } from '../policies/coverage/own-fields.js'

const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'coming-from.md'), 'utf8')
const own = new Set(KINDS.filter(({ isOwn }) => isOwn).map(({ kind }) => kind))

it('names fields of ours that exist', () => {
  const fields = ownFields()
  const named = [...page.matchAll(/`([A-Z][A-Za-z]+) ([a-z][A-Za-z0-9.]*)`/g)].filter(([, kind = '']) => own.has(kind))
  // Fields of all settings may stand in `overrides` as well, which is no path of its own there.
  const wrong = named.map(([, kind, field]) => `${kind} ${field}`).filter((name) => !fields.has(name) && !name.endsWith(' overrides'))
  expect(wrong).toEqual([])
  expect(named.length).toBeGreaterThan(30)
})

it('names commands that gatewayctl has', () => {
  const reference = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'reference', 'cli.md'), 'utf8')
  const commands = [...page.matchAll(/`gatewayctl ([a-z]+)/g)].map(([, command = '']) => command)
  expect(commands.filter((command) => !reference.includes(`gatewayctl ${command}`))).toEqual([])
})
