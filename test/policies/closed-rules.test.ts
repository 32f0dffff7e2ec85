/** Rules that nobody is let through to, because something that guards them cannot be used, through the real Envoy. */
import { describe, expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld, type World } from '../features/world.js'
import { eventually } from '../support/eventually.js'

const ROUTE = httpRoute('r', `[${under('/x', `name: x, ${to('guarded')}`)}, {${to('open')}}]`)
const ABOUT = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r, sectionName: x}]'

function policy(kind: string, name: string, spec: string): string {
  return `\napiVersion: headgate.dev/v1alpha1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: {${ABOUT}, ${spec}}\n`
}

const script = (text: string): string => `lua: [{inline: ${JSON.stringify(text)}}]`
const ANSWERING = script('function envoy_on_request(handle) handle:respond({[":status"] = "200"}, "for those who are let in") end')
const NO_KEYS = 'apiKeyAuth: {credentialRefs: [{name: missing}], extractFrom: [{headers: [x-key]}]}'

async function answerOf(world: World): Promise<{ readonly status: number; readonly body: string }> {
  const { status, body } = await world.ask({ path: '/x' })
  return { status, body }
}

const LET_IN = { status: 200, body: 'for those who are let in' }
const CLOSED = { status: 500, body: '' }

describe.each(['rds', 'scoped'] as const)('a rule whose guard cannot be used, with routes packed as %s', (routePacking) => {
  const world = featureWorld(['open', 'guarded'], undefined, () => ({ routePacking }))
  const answer = () => answerOf(world)
  const program = policy('ExtensionPolicy', 'program', ANSWERING)

  it('is not answered by a program of another policy', async () => {
    await world.write(ROUTE, program)
    expect(await answer()).toEqual(LET_IN)
    await world.write(ROUTE, program, policy('SecurityPolicy', 'guard', NO_KEYS))
    expect(await answer()).toEqual(CLOSED)
    expect(await world.answerer({ path: '/' })).toBe('open')
    await world.write(ROUTE, program)
    expect(await answer()).toEqual(LET_IN)
  })

  it('nor by one of a policy whose other program cannot be read', async () => {
    await world.write(
      ROUTE,
      program,
      policy('ExtensionPolicy', 'guard', 'lua: [{type: ValueRef, valueRef: {group: "", kind: ConfigMap, name: missing}}]'),
    )
    expect(await answer()).toEqual(CLOSED)
  })

  it('shows Envoy the programs behind it, which refuses them all the same', async () => {
    const guard = policy('SecurityPolicy', 'guard', NO_KEYS)
    await world.write(ROUTE, policy('ExtensionPolicy', 'program', script('function envoy_on_request(')), guard)
    await eventually(() => expect(world.conditions('ExtensionPolicy/default/program')).toEqual(['Accepted=False/Invalid']), 20_000)
    expect(await answer()).toEqual(CLOSED)
    expect(await world.answerer({ path: '/' })).toBe('open')
  })
})
