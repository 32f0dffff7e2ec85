/** Filters that change headers, of rules and of backends. */
import { expect, it } from '@jest/globals'
import { feature } from './feature.js'
import { httpRoute, ref, to, under } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a', 'b'])

/** A filter once at its rule, once at the only backend and once at the first of two, the other of which has no weight. */
async function writeAtBothLevels(filter: string): Promise<void> {
  await world.write(
    httpRoute(
      'r',
      `[${[
        under('/rule', `filters: [${filter}], ${to('a')}`),
        under('/backend', `backendRefs: [{${ref('a')}, filters: [${filter}]}]`),
        under('/several', `backendRefs: [{${ref('a')}, filters: [${filter}]}, {${ref('b')}, weight: 0}]`),
      ].join()}]`,
    ),
  )
}

const PATHS = ['/rule', '/backend', '/several']

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.requestHeaderModifier.{set.name,set.value,add.name,add.value,remove}'],
  'sets, adds and removes headers of requests',
  async () => {
    await writeAtBothLevels(
      '{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: ours}], add: [{name: X-Add, value: more}], remove: [X-Gone]}}',
    )
    for (const path of PATHS) {
      const { echo } = await world.ask({ path, headers: { 'x-set': 'theirs', 'x-add': 'some', 'x-gone': 'secret', 'x-kept': 'kept' } })
      expect([path, echo?.headers]).toEqual([path, expect.objectContaining({ 'x-set': 'ours', 'x-kept': 'kept' })])
      expect([path, String(echo?.headers['x-add']).split(/, ?/)]).toEqual([path, ['some', 'more']])
      expect([path, echo?.headers['x-gone']]).toEqual([path, undefined])
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.responseHeaderModifier.{set.name,set.value,add.name,add.value,remove}'],
  'sets, adds and removes headers of answers',
  async () => {
    await writeAtBothLevels(
      '{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Set, value: ours}], add: [{name: X-Add, value: more}], remove: [X-Gone]}}',
    )
    for (const path of PATHS) {
      const query = 'header=x-set:theirs&header=x-add:some&header=x-gone:secret&header=x-kept:kept'
      const { headers } = await world.ask({ path: `${path}?${query}` })
      expect([path, headers]).toEqual([path, expect.objectContaining({ 'x-set': 'ours', 'x-add': 'some, more', 'x-kept': 'kept' })])
      expect([path, headers['x-gone']]).toEqual([path, undefined])
    }
  },
)

it.each([
  ...['content-length', 'Transfer-Encoding', 'connection', 'upgrade'].flatMap((name) =>
    (['set', 'add'] as const).map((how) => ({ name, how })),
  ),
])('$name is not written ($how): with another end of a request, what follows is the next one on its connection', async ({ name, how }) => {
  const changes = `{${how}: [{name: ${name}, value: "7"}, {name: x-other, value: is}]}`
  for (const filter of [
    `{type: RequestHeaderModifier, requestHeaderModifier: ${changes}}`,
    `{type: ResponseHeaderModifier, responseHeaderModifier: ${changes}}`,
  ]) {
    await writeAtBothLevels(filter)
    for (const path of PATHS) {
      const answer = await world.ask({ path, method: 'POST', body: 'hello' })
      expect([path, answer.echo?.body, answer.headers['x-other'] ?? answer.echo?.headers['x-other']]).toEqual([path, 'hello', 'is'])
      expect([answer.echo?.headers[name.toLowerCase()], answer.headers[name.toLowerCase()]]).not.toContain('7')
    }
    expect(world.conditions('HTTPRoute/default/r')).toContain('PartiallyInvalid=True/UnsupportedValue')
  }
})

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.urlRewrite.{hostname,path.type,path.replaceFullPath,path.replacePrefixMatch}'],
  'rewrites hosts and paths before a request is forwarded',
  async () => {
    const rows: readonly (readonly [rewrite: string, asked: string, seen: string])[] = [
      ['hostname: inner.example.com', '/x', 'inner.example.com /x'],
      ['path: {type: ReplaceFullPath, replaceFullPath: /full}', '/x/y?q=1', 'example.com /full?q=1'],
      ['path: {type: ReplaceFullPath, replaceFullPath: "a b"}', '/x/y?q=1', 'example.com /a%20b?q=1'],
      ['path: {type: ReplaceFullPath, replaceFullPath: ""}', '/x/y', 'example.com /'],
      ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /p}', '/x/y?q=1', 'example.com /p/y?q=1'],
      ['path: {type: ReplacePrefixMatch, replacePrefixMatch: /}', '/x/y', 'example.com /y'],
    ]
    for (const [rewrite, asked, seen] of rows) {
      await writeAtBothLevels(`{type: URLRewrite, urlRewrite: {${rewrite}}}`)
      for (const path of PATHS) {
        const { echo } = await world.ask({ path: asked.replace('/x', path) })
        expect([path, rewrite, `${echo?.host} ${echo?.path}`]).toEqual([path, rewrite, seen.replace('/x', path)])
      }
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.extensionRef.{group,kind,name}', 'Route reason InvalidKind'],
  'answers 500 where a filter of a kind that nobody knows stands, and names it',
  async () => {
    for (const [group, kind, name] of [
      ['one.example.com', 'Filter', 'f'],
      ['two.example.com', 'Wasm', 'g'],
    ]) {
      const filter = `{type: ExtensionRef, extensionRef: {group: ${group}, kind: ${kind}, name: ${name}}}`
      for (const rule of [
        `{filters: [${filter}], ${to('a')}}`,
        `{backendRefs: [{${ref('a')}, filters: [${filter}]}]}`,
        `{backendRefs: [{${ref('a')}, filters: [${filter}]}, {${ref('b')}, weight: 0}]}`,
      ]) {
        await world.write(httpRoute('r', `[${rule}]`))
        expect([rule, await world.answerer()]).toEqual([rule, 500])
        expect([rule, world.conditions('HTTPRoute/default/r')]).toEqual([rule, expect.arrayContaining(['ResolvedRefs=False/InvalidKind'])])
        const [parent] = world.stored('HTTPRoute/default/r').parents ?? []
        expect(parent?.conditions.map(({ message }) => message).join()).toContain(`${group}/${kind} "${name}"`)
      }
    }
  },
)

feature(
  ['HTTPRoute spec.rules.{filters,backendRefs.filters}.type'],
  'refuses a filter whose type is not that of its field, and goes on with the version before',
  async () => {
    const filter = (type: string) => `{type: ${type}, requestHeaderModifier: {set: [{name: X-Set, value: ours}]}}`
    const write = (type: string, path: string, how: 'write' | 'writeRefused') =>
      world[how](
        httpRoute(
          'r',
          `[${under(`${path}/rule`, `filters: [${filter(type)}], ${to('a')}`)}, ${under(`${path}/backend`, `backendRefs: [{${ref('a')}, filters: [${filter(type)}]}]`)}]`,
        ),
      )
    await write('RequestHeaderModifier', '/good', 'write')
    await write('ResponseHeaderModifier', '/wrong', 'writeRefused')
    for (const level of ['rule', 'backend']) {
      const { echo } = await world.ask({ path: `/good/${level}` })
      expect([level, echo?.headers['x-set'], await world.answerer({ path: `/wrong/${level}` })]).toEqual([level, 'ours', 404])
    }
    const problems = JSON.stringify(world.headgate.running.sources.problems())
    expect(problems).toMatch(/rules\[0\]\.filters\[0\]/)
    expect(problems).toMatch(/rules\[1\]\.backendRefs\[0\]\.filters\[0\]/)
  },
)
