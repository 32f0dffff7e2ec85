import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { keepRejectedVersions } from '../keep-rejected-versions.js'
import { type RejectedVersion, RejectedVersions } from '../rejected-versions.js'
import { TYPE_URL } from '../resource.js'
import { rejectedVersionFile } from './rejected-version-file.js'

const origin = { group: '', kind: 'Service', namespace: 'default', name: 'web', generation: 0 }
const entry = (name: string): RejectedVersion => ({
  typeUrl: TYPE_URL.cluster,
  name,
  version: '1',
  message: 'no',
  origins: [],
  suspects: [origin],
  at: '2026-01-01T00:00:00.000Z',
})

describe('rejected versions in a file', () => {
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headgate-rejected-'))
  })
  afterEach(() => rm(folder, { recursive: true }))
  const file = (): string => join(folder, 'rejected.json')
  const fail = (error: unknown): never => {
    throw error
  }

  it('are known again after a restart', async () => {
    const before = new RejectedVersions()
    const keeper = await keepRejectedVersions(before, rejectedVersionFile(file()), fail)
    before.add(entry('a'))
    before.add(entry('b'))
    await keeper.idle()
    const after = new RejectedVersions()
    await keepRejectedVersions(after, rejectedVersionFile(file()), fail)
    expect(after.list()).toEqual([entry('a'), entry('b')])
    expect(after.has(entry('b'))).toBe(true)
    expect(await readdir(folder)).toEqual(['rejected.json'])
  })

  it('entries that come while a save is under way are saved with the next one', async () => {
    const rejected = new RejectedVersions()
    const keeper = await keepRejectedVersions(rejected, rejectedVersionFile(file()), fail)
    for (let index = 0; index < 50; index++) {
      rejected.add(entry(`c${index}`))
      await new Promise(setImmediate)
    }
    await keeper.idle()
    expect(JSON.parse(await readFile(file(), 'utf8'))).toHaveLength(50)
  })

  it('an address that another program had is tried again after a restart, also by whoever kept it before', async () => {
    const busy = { ...entry('l'), message: "Error adding/updating listener(s) l: cannot bind '127.0.0.1:8080': Address already in use" }
    const before = new RejectedVersions()
    const keeper = await keepRejectedVersions(before, rejectedVersionFile(file()), fail)
    before.add(busy)
    before.add(entry('a'))
    await keeper.idle()
    expect(JSON.parse(await readFile(file(), 'utf8'))).toEqual([entry('a')])
    await writeFile(file(), JSON.stringify([busy, entry('a')]))
    const after = new RejectedVersions()
    await keepRejectedVersions(after, rejectedVersionFile(file()), fail)
    expect(after.list()).toEqual([entry('a')])
  })

  it('a save that fails is reported, and the next one writes everything', async () => {
    const rejected = new RejectedVersions()
    const errors: unknown[] = []
    const saved: (readonly RejectedVersion[])[] = []
    let isBroken = true
    const store = {
      load: async () => [],
      save: async (versions: readonly RejectedVersion[]) => {
        if (isBroken) throw new Error('disk full')
        saved.push(versions)
      },
    }
    const keeper = await keepRejectedVersions(rejected, store, (error) => errors.push(error))
    rejected.add(entry('a'))
    await keeper.idle()
    isBroken = false
    rejected.add(entry('b'))
    await keeper.idle()
    expect(errors).toHaveLength(1)
    expect(saved.map((versions) => versions.map(({ name }) => name))).toEqual([['a', 'b']])
  })

  it.each([
    { file: 'no JSON', text: '[', message: /is not JSON/ },
    { file: 'no list', text: '{}', message: /is not a list/ },
    { file: 'an entry that is none', text: JSON.stringify([entry('a'), { ...entry('b'), typeUrl: 'x' }]), message: /number 2/ },
    { file: 'an entry without origins', text: JSON.stringify([{ ...entry('b'), origins: [{}] }]), message: /number 1/ },
  ])('a file with $file stops the start and says what to do', async ({ text, message }) => {
    await writeFile(file(), text)
    await expect(keepRejectedVersions(new RejectedVersions(), rejectedVersionFile(file()), fail)).rejects.toThrow(message)
  })

  it('the list is bounded: the oldest are forgotten', () => {
    const rejected = new RejectedVersions()
    for (let index = 0; index < 1_001; index++) rejected.add(entry(`c${index}`))
    expect(rejected.list()).toHaveLength(1_000)
    expect(rejected.has(entry('c0'))).toBe(false)
    expect(rejected.has(entry('c1000'))).toBe(true)
  })
})
