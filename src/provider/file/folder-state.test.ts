import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { KINDS } from '../../kinds/index.js'
import { atOnce } from '../../util/in-parts.js'
import type { Change, KubeObject } from '../provider.js'
import { FolderState } from './folder-state.js'
import { formatProblem } from './problem.js'

function folder() {
  const state = new FolderState(KINDS)
  const objects = new Map<string, KubeObject>()
  return {
    state,
    objects,
    /** Writes files (undefined: removes them) and returns what changed, as `Kind/namespace/name` with `-` before what went away. */
    write(files: Readonly<Record<string, string | undefined>>): readonly string[] {
      const contents = Object.entries(files).map(
        ([file, text]) => [file, text === undefined ? undefined : atOnce(state.read(file, text))] as const,
      )
      const changes = atOnce(state.apply(contents))
      for (const change of changes) note(objects, change)
      return changes.map(({ kind, key, object }) => `${object === undefined ? '-' : ''}${kind}/${key}`)
    },
    problems: () => state.problems().map(formatProblem),
    object: (id: string) => {
      const found = objects.get(id)
      if (found === undefined) throw new Error(`no ${id}; there are ${[...objects.keys()].join(', ')}`)
      return found as KubeObject & Readonly<Record<string, never>>
    },
  }
}

function note(objects: Map<string, KubeObject>, { kind, key, object }: Change): void {
  if (object === undefined) objects.delete(`${kind}/${key}`)
  else objects.set(`${kind}/${key}`, object)
}

function route(name: string, hostname: string, more = ''): string {
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: ${name}
spec:
  hostnames: [${hostname}]
${more}`
}

describe('objects of files', () => {
  it('are defaulted and complete', () => {
    const { write, object } = folder()
    expect(write({ 'a.yaml': route('a', 'a.example.com') })).toEqual(['Namespace//default', 'HTTPRoute/default/a'])
    expect(object('HTTPRoute/default/a')).toEqual({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
        generation: 1,
        creationTimestamp: '1970-01-01T00:00:00Z',
      },
      spec: { hostnames: ['a.example.com'], rules: [{ matches: [{ path: { type: 'PathPrefix', value: '/' } }] }] },
    })
  })

  it('come from lists and JSON as well', () => {
    const { write } = folder()
    const item = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: {} })
    const list = { apiVersion: 'v1', kind: 'List', items: [item('a'), item('b')] }
    expect(write({ 'a.json': JSON.stringify(list) })).toEqual(['Namespace//default', 'ConfigMap/default/a', 'ConfigMap/default/b'])
  })

  it('are read in the version that we read, whatever they are written in', () => {
    const { write, object } = folder()
    write({ 'a.yaml': route('a', 'a.example.com').replace('/v1', '/v1beta1') })
    expect(object('HTTPRoute/default/a').apiVersion).toBe('gateway.networking.k8s.io/v1')
  })

  it('keep the age that they state, and lose a status', () => {
    const { write, object } = folder()
    const text = route('a', 'a.example.com', 'status: {parents: []}\n').replace(
      'name: a',
      'name: a\n  creationTimestamp: "2024-05-06T07:08:09Z"',
    )
    write({ 'a.yaml': text })
    expect(object('HTTPRoute/default/a').metadata.creationTimestamp).toBe('2024-05-06T07:08:09Z')
    expect(object('HTTPRoute/default/a')).not.toHaveProperty('status')
  })

  it('have stringData in data', () => {
    const { write, object } = folder()
    write({ 'a.yaml': 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: YQ==, b: YQ==}\nstringData: {b: text}\n' })
    expect(object('Secret/default/s')).toMatchObject({ type: 'Opaque', data: { a: 'YQ==', b: 'dGV4dA==' } })
    expect(object('Secret/default/s')).not.toHaveProperty('stringData')
  })

  it('take null for nothing', () => {
    const { write, problems } = folder()
    write({ 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, creationTimestamp: null, labels: null}\ndata: null\n' })
    expect(problems()).toEqual([])
  })
})

describe('places', () => {
  const ref = (name: string) => ({ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', namespace: 'default', name })

  it('are found in files that were read before', () => {
    const { write, state } = folder()
    const rules = '  rules:\n    - matches:\n        - path: { value: /a }\n        - path: { value: /b }\n'
    write({ 'a.yaml': `# first\n---\n${route('a', 'a.test', rules)}---\n${route('b', 'b.test', rules)}` })
    expect(state.placeOf(ref('a'), [])).toEqual({ file: 'a.yaml', position: { line: 3, column: 1 } })
    expect(state.placeOf(ref('b'), ['spec', 'rules', 0, 'matches', 1])).toEqual({ file: 'a.yaml', position: { line: 23, column: 11 } })
    // What is left out stands where it would be.
    expect(state.placeOf(ref('b'), ['spec', 'rules', 0, 'filters', 0])).toEqual({ file: 'a.yaml', position: { line: 21, column: 7 } })
    expect(state.placeOf(ref('none'), [])).toBeUndefined()
    write({ 'a.yaml': undefined })
    expect(state.placeOf(ref('a'), [])).toBeUndefined()
  })

  it('are those of the items in lists, and of objects in JSON', () => {
    const { write, state } = folder()
    write({
      'list.yaml': `apiVersion: v1\nkind: List\nitems:\n  - ${route('a', 'a.test').replaceAll('\n', '\n    ')}`,
      'b.json':
        '{\n"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",\n"metadata": {"name": "b"},\n"spec": {"hostnames": ["b.test"]}}',
    })
    expect(state.placeOf(ref('a'), ['spec', 'hostnames'])).toEqual({ file: 'list.yaml', position: { line: 4, column: 5 } })
    expect(state.placeOf(ref('b'), ['spec', 'hostnames'])).toEqual({ file: 'b.json', position: { line: 4, column: 10 } })
  })
})

describe('generations', () => {
  it('count changes of the spec and nothing else', () => {
    const { write, object } = folder()
    const generation = () => object('HTTPRoute/default/a').metadata.generation
    write({ 'a.yaml': route('a', 'a.example.com') })
    expect(write({ 'a.yaml': `# a comment\n${route('a', 'a.example.com')}` })).toEqual([])
    expect(write({ 'a.yaml': route('a', 'a.example.com').replace('name: a', 'name: a\n  labels: {x: y}') })).toEqual([
      'HTTPRoute/default/a',
    ])
    expect(generation()).toBe(1)
    write({ 'a.yaml': route('a', 'b.example.com') })
    expect(generation()).toBe(2)
    write({ 'a.yaml': undefined })
    write({ 'a.yaml': route('a', 'b.example.com') })
    expect(generation()).toBe(3)
  })
})

describe('namespaces', () => {
  it('exist as long as an object is in them', () => {
    const { write, object } = folder()
    const inTeam = route('a', 'a.example.com').replace('name: a', 'name: a\n  namespace: team')
    expect(write({ 'a.yaml': inTeam })).toEqual(['Namespace//team', 'HTTPRoute/team/a'])
    expect(object('Namespace//team').metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'team' })
    expect(write({ 'a.yaml': undefined })).toEqual(['-Namespace//team', '-HTTPRoute/team/a'])
  })

  it('have the labels that a file declares', () => {
    const { write, object } = folder()
    const declared = 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: default\n  labels: {env: prod}\n'
    write({ 'a.yaml': route('a', 'a.example.com'), 'ns.yaml': declared })
    expect(object('Namespace//default').metadata.labels).toEqual({ env: 'prod', 'kubernetes.io/metadata.name': 'default' })
    expect(write({ 'ns.yaml': undefined })).toEqual(['Namespace//default'])
    expect(object('Namespace//default').metadata.labels).toEqual({ 'kubernetes.io/metadata.name': 'default' })
  })
})

describe('what is wrong', () => {
  it('names unknown fields as the API server does, and drops them', () => {
    const { write, problems, object } = folder()
    write({ 'a.yaml': route('a', 'a.example.com', '  hostname: b.example.com\n  rules:\n  - match: []\n    colour: red\n') })
    expect(problems()).toEqual([
      'a.yaml:7:3: warning: HTTPRoute/default/a: unknown field "spec.hostname"; it is dropped: is "hostnames" meant?',
      'a.yaml:9:5: warning: HTTPRoute/default/a: unknown field "spec.rules[0].match"; it is dropped: is "matches" meant?',
      'a.yaml:10:5: warning: HTTPRoute/default/a: unknown field "spec.rules[0].colour"; it is dropped',
    ])
    expect(object('HTTPRoute/default/a')).not.toHaveProperty('spec.hostname')
  })

  it('does not complain about fields of real kinds that nobody reads', () => {
    const { write, problems } = folder()
    write({
      'a.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: s, finalizers: []}\nspec: {sessionAffinity: None, ports: [{port: 80}]}\n',
    })
    expect(problems()).toEqual([])
  })

  it('names unknown kinds, versions that are not served and things that are no objects', () => {
    const { write, problems } = folder()
    const texts = [
      'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n',
      'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: g}\n',
      route('a', 'a.example.com').replace('/v1', '/v1alpha2'),
      'replicas: 3\n',
      'just words\n',
      'apiVersion: v1\nkind: Secret\n',
      'apiVersion: v1\nkind: Secret\nmetadata: {name: 5}\n',
      route('typo', 'a.example.com').replace('HTTPRoute', 'HttpRoute'),
    ]
    write({ 'a.yaml': texts.join('---\n') })
    expect(problems()).toEqual([
      'a.yaml:2:1: warning: unknown kind "Deployment" in version "apps/v1"; nothing here reads it',
      'a.yaml:6:1: warning: unknown kind "Gateway" in version "networking.istio.io/v1" (there is one in "gateway.networking.k8s.io/v1"); nothing here reads it',
      'a.yaml:9:1: error: HTTPRoute/default/a: no matches for kind "HTTPRoute" in version "gateway.networking.k8s.io/v1alpha2": it is served as v1, v1beta1; correct it (it is not in use)',
      'a.yaml:16:1: error: apiVersion: Required value; say which object this is, or move the file out of the folder (it is not in use)',
      'a.yaml:18:1: error: this is no object with apiVersion and kind; say which object this is, or move the file out of the folder (it is not in use)',
      'a.yaml:20:1: error: metadata.name: Required value; say which object this is, or move the file out of the folder (it is not in use)',
      'a.yaml:25:12: error: metadata.name: Invalid value: 5: must be of type string: write it in quotes; say which object this is, or move the file out of the folder (it is not in use)',
      'a.yaml:28:1: error: HTTPRoute/default/typo: no matches for kind "HttpRoute" in version "gateway.networking.k8s.io/v1": it is called HTTPRoute; correct it (it is not in use)',
    ])
  })

  it('keeps an object whose kind is written wrongly in a later version', () => {
    const { write, object } = folder()
    write({ 'a.yaml': route('a', 'a.example.com') })
    expect(write({ 'a.yaml': route('a', 'b.example.com').replace('HTTPRoute', 'HTTPRoutes') })).toEqual([])
    expect(object('HTTPRoute/default/a')).toHaveProperty('spec.hostnames', ['a.example.com'])
  })

  it('lists all errors of an object, each where it stands, and keeps the last good version', () => {
    const { write, problems, object } = folder()
    write({ 'a.yaml': route('a', 'a.example.com') })
    const bad = '  rules:\n  - matches:\n    - path: {type: Prefix, value: 7}\n  parentRefs: {}\n'
    expect(write({ 'a.yaml': route('a', 'A.example.com', bad) })).toEqual([])
    const where = 'error: HTTPRoute/default/a:'
    const kept = 'correct it (the last good version stays in use)'
    expect(problems()).toEqual([
      expect.stringMatching(/^a\.yaml:6:15: .* spec\.hostnames\[0\]: Invalid value: "A\.example\.com": should match '/),
      `a.yaml:9:14: ${where} spec.rules[0].matches[0].path.type: Unsupported value: "Prefix": supported values: "Exact", "PathPrefix", "RegularExpression"; ${kept}`,
      `a.yaml:9:28: ${where} spec.rules[0].matches[0].path.value: Invalid value: 7: must be of type string; ${kept}`,
      `a.yaml:10:3: ${where} spec.parentRefs: Invalid value: {}: must be of type array; ${kept}`,
    ])
    expect(object('HTTPRoute/default/a').metadata.generation).toBe(1)
    expect(write({ 'a.yaml': route('a', 'b.example.com') })).toEqual(['HTTPRoute/default/a'])
    expect(problems()).toEqual([])
  })

  it('refuses a change of what must not change', () => {
    const { write, problems, object } = folder()
    const gatewayClass = (controller: string) =>
      `apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: c}\nspec: {controllerName: ${controller}}\n`
    write({ 'a.yaml': gatewayClass('a.dev/x') })
    expect(write({ 'a.yaml': gatewayClass('b.dev/x') })).toEqual([])
    expect(problems()).toEqual([expect.stringContaining('GatewayClass/c: spec.controllerName: Invalid value: field is immutable')])
    expect(object('GatewayClass//c')).toHaveProperty('spec.controllerName', 'a.dev/x')
    write({ 'a.yaml': undefined })
    expect(write({ 'a.yaml': gatewayClass('b.dev/x') })).toEqual(['GatewayClass//c'])
  })

  it('names both files of an object that stands twice, and uses the first', () => {
    const { write, problems, object } = folder()
    write({ 'b.yaml': route('a', 'b.example.com') })
    expect(write({ 'c.yaml': route('a', 'c.example.com') })).toEqual([])
    expect(problems()).toEqual([
      'c.yaml:1:1: error: HTTPRoute/default/a: it stands in b.yaml:1 as well; remove one of the two: the first is used',
    ])
    expect(object('HTTPRoute/default/a')).toHaveProperty('spec.hostnames', ['b.example.com'])
    expect(write({ 'b.yaml': undefined })).toEqual(['HTTPRoute/default/a'])
    expect(object('HTTPRoute/default/a')).toHaveProperty('spec.hostnames', ['c.example.com'])
    expect(problems()).toEqual([])
  })

  it('keeps what a file held when it breaks, and lets it go when the file is whole again without it', () => {
    const { write, problems, objects } = folder()
    const both = `${route('a', 'a.example.com')}---\n${route('b', 'b.example.com')}`
    write({ 'a.yaml': both })
    expect(write({ 'a.yaml': `${route('a', 'new.example.com')}---\nkind: [` })).toEqual(['HTTPRoute/default/a'])
    expect(problems()).toEqual([expect.stringMatching(/^a\.yaml:8:8: error: .*; correct the YAML \(the last good version stays in use\)$/)])
    expect([...objects.keys()]).toContain('HTTPRoute/default/b')
    expect(write({ 'a.yaml': route('a', 'new.example.com') })).toEqual(['-HTTPRoute/default/b'])
    expect(problems()).toEqual([])
  })

  it('says that nothing of a file is in use when it was broken from the start', () => {
    const { write, state } = folder()
    write({ 'a.yaml': `${route('a', 'a.example.com')}---\nkind: [` })
    expect(state.problems()).toMatchObject([{ unreadable: true, effect: 'lost', position: { line: 8 } }])
  })
})

describe('hostile files', () => {
  const neighbour = { 'good.yaml': route('good', 'good.example.com') }
  const names = ['HTTPRoute//', 'HTTPRoute/default/bad']

  it.each([
    {
      what: 'a document of 10 MB',
      text: `${route('bad', 'a.example.com')}\n# ${'x'.repeat(10_000_000)}\n`,
      error: /more than the 1572864/,
    },
    {
      what: 'keys that reach for prototypes',
      text: `${route('bad', 'a.example.com')}  __proto__: {polluted: true}\n`,
      error: /unknown field "spec\.__proto__"/,
    },
    { what: 'a prototype as the object', text: '__proto__: {apiVersion: v1, kind: Secret}\n', error: /apiVersion: Required value/ },
    { what: 'an alias bomb', text: bomb(), error: /aliases make more than/ },
    {
      what: 'a cycle',
      text: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\ndata: &a {x: *a}\n',
      error: /refers to what it stands in/,
    },
    { what: 'a file that is cut off', text: route('bad', 'a.example.com').slice(0, -5), error: /./ },
    {
      what: 'a name of 254 characters',
      text: route('b'.repeat(254), 'a.example.com'),
      error: /metadata\.name: Too long: may not be more than 253/,
    },
    {
      what: 'a name that is a path',
      text: route('../../etc/passwd', 'a.example.com'),
      error: /metadata\.name: Invalid value: a lowercase RFC 1123/,
    },
    {
      what: 'a header value that makes patterns explode',
      text: route('bad', 'a.example.com', headerMatch(`${'a'.repeat(4_000)}\\u0001`)),
      error: /should match/,
    },
    { what: '20,000 rules', text: route('bad', 'a.example.com', `  rules: [${'{},'.repeat(20_000)}]\n`), error: /Too many: 20000/ },
    { what: '10,000 unknown fields', text: route('bad', 'a.example.com', manyFields(10_000)), error: /9900 more of these/ },
    {
      what: 'a list of nothing sensible',
      text: 'apiVersion: v1\nkind: List\nitems: [1, null, [], "x", {}]\n',
      error: /no object with apiVersion/,
    },
  ])('$what: a clear message, and neighbours stay', ({ text, error }) => {
    const { write, problems, objects } = folder()
    const start = performance.now()
    write({ ...neighbour, 'bad.yaml': text })
    expect(performance.now() - start).toBeLessThan(5_000)
    expect(problems().join('\n')).toMatch(error)
    expect(problems().every((line) => line.startsWith('bad.yaml:') && line.length < 1_000)).toBe(true)
    expect([...objects.keys()].filter((key) => !names.includes(key))).toEqual(['Namespace//default', 'HTTPRoute/default/good'])
    expect('polluted' in {}).toBe(false)
  })

  it('a name of 253 characters is allowed', () => {
    const { write, problems } = folder()
    write({ 'a.yaml': route(Array(64).fill('abc').join('.').slice(0, 253), 'a.example.com') })
    expect(problems()).toEqual([])
  })
})

describe('order', () => {
  it('of edits never matters for what is in use in the end', () => {
    const texts = [
      '',
      route('a', 'a.example.com'),
      route('a', 'b.example.com'),
      `${route('b', 'c.example.com')}---\n${route('a', 'd.example.com')}`,
    ]
    const edit = fc.record({ file: fc.constantFrom('a.yaml', 'b.yaml', 'c.yaml'), text: fc.constantFrom(undefined, ...texts) })
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 12 }), (edits) => {
        const incremental = folder()
        const last = new Map<string, string | undefined>()
        for (const { file, text } of edits) {
          incremental.write({ [file]: text })
          last.set(file, text)
        }
        const fresh = folder()
        fresh.write(Object.fromEntries(last))
        expect(withoutGenerations(incremental.objects)).toEqual(withoutGenerations(fresh.objects))
        expect(incremental.problems()).toEqual(fresh.problems())
      }),
    )
  })
})

/** Generations count history, which the comparison is not about. */
function withoutGenerations(objects: ReadonlyMap<string, KubeObject>): unknown {
  return new Map(
    [...objects]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, object]) => [key, { ...object, metadata: { ...object.metadata, generation: 0 } }]),
  )
}

function bomb(): string {
  const lines = ['apiVersion: v1', 'kind: ConfigMap', 'metadata: {name: bad}', 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
  for (let level = 1; level < 10; level++)
    lines.push(
      `a${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(',')}]`,
    )
  return lines.join('\n')
}

function headerMatch(value: string): string {
  return `  rules:\n  - matches:\n    - headers: [{name: x, value: "${value}"}]\n`
}

function manyFields(count: number): string {
  return Array.from({ length: count }, (_, index) => `  unknown-${index}: 1\n`).join('')
}
