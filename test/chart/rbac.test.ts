/** The chart's permissions, against what the controller reads. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from '@jest/globals'
import { KINDS } from '../../src/kinds/index.js'
import { BUILD_TIMEOUT_MS, CHART, Helm, type Manifest } from './helm.js'

/** Who writes these can make proxies do anything. */
const RUNS_CODE: readonly string[] = ['EnvoyPatchPolicy', 'ExtensionPolicy']

let helm: Helm
beforeAll(async () => {
  helm = await Helm.find()
}, BUILD_TIMEOUT_MS)

describe('RBAC', () => {
  it.each(KINDS.map((kind) => [kind.kind, kind] as const))('lets the controller watch %s in the whole cluster', async (_name, kind) => {
    const roles = (await helm.objects()).filter(({ kind: role }) => role === 'ClusterRole')
    for (const verb of ['get', 'list', 'watch']) expect(allows(roles, kind.group, kind.plural, verb)).toBe(true)
  })

  it('gives no ClusterRole over what namespaces hold when only some are watched', async () => {
    const roles = (await helm.objects('--set', 'watch.namespaces={web}')).filter(({ kind }) => kind === 'ClusterRole')
    const namespaced = [
      ['', 'secrets'],
      ['', 'configmaps'],
      ['', 'services'],
      ['apps', 'deployments'],
      ['gateway.networking.k8s.io', 'httproutes'],
    ] as const
    const granted = roles.filter((role) => role.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-view'] === undefined)
    expect(namespaced.filter(([group, resource]) => allows(granted, group, resource, 'get'))).toEqual([])
  })

  it.each(['web', 'headgate-system'])('gives Roles in the watched namespace %s', async (namespace) => {
    const roles = (await helm.objects('--set', 'watch.namespaces={web}')).filter(
      ({ kind, metadata }) => kind === 'Role' && metadata.namespace === namespace,
    )
    expect(allows(roles, 'gateway.networking.k8s.io', 'httproutes', 'watch')).toBe(true)
    expect(allows(roles, '', 'secrets', 'watch')).toBe(true)
    expect(allows(roles, 'apps', 'deployments', 'patch')).toBe(true)
  })

  it.each(['web', 'default'])(
    'lets the controller write Events about its class, which are in default, where it watches %s',
    async (namespace) => {
      const roles = (await helm.objects('--set', `watch.namespaces={${namespace}}`)).filter(({ kind }) => kind === 'Role')
      const names = roles.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`)
      expect(new Set(names).size).toBe(names.length)
      const inDefault = roles.filter(({ metadata }) => metadata.namespace === 'default')
      expect(['create', 'patch'].filter((verb) => allows(inDefault, 'events.k8s.io', 'events', verb))).toEqual(['create', 'patch'])
      expect(allows(inDefault, '', 'secrets', 'get')).toBe(namespace === 'default')
    },
  )

  it('never lets the controller write what users own', async () => {
    const roles = (await helm.objects()).filter(isOfController)
    const owned = KINDS.filter(({ kind, group }) => group !== '' && kind !== 'GatewayClass')
    const writable = owned.filter(({ group, plural }) =>
      ['create', 'update', 'patch', 'delete'].some((verb) => allows(roles, group, plural, verb)),
    )
    expect(writable.map(({ kind }) => kind)).toEqual([])
  })

  it('never lets the controller write Secrets outside its own namespace', async () => {
    const roles = (await helm.objects()).filter((role) => isOfController(role) && role.kind === 'ClusterRole')
    expect(['create', 'update', 'patch', 'delete'].filter((verb) => allows(roles, '', 'secrets', verb))).toEqual([])
  })

  it('lets the controller keep the list of rejected versions, and no other ConfigMap, by its own Role', async () => {
    const rules = (await helm.objects())
      .filter(({ kind, metadata }) => kind === 'Role' && metadata.name.endsWith('-own'))
      .flatMap((role) => role.rules ?? [])
      .filter(({ resources }) => resources.includes('configmaps'))
    expect(rules.map(({ verbs, resourceNames }) => [verbs, resourceNames])).toEqual([
      [['create'], undefined],
      [['get', 'patch'], ['headgate-rejected-versions']],
    ])
  })

  it('lets the controller change one Secret, and only where it runs the rate limit service', async () => {
    const patched = async (...args: readonly string[]) =>
      (await helm.objects(...args))
        .filter(isOfController)
        .flatMap((role) => role.rules ?? [])
        .filter(
          ({ resources, verbs }) => resources.includes('secrets') && verbs.some((verb) => ['update', 'patch', 'delete'].includes(verb)),
        )
        .map(({ resourceNames, verbs }) => [resourceNames, verbs])
    expect(await patched()).toEqual([])
    expect(await patched('--set', 'rateLimit.enabled=true,rateLimit.redis.url=redis:6379')).toEqual([[['headgate-rate-limits'], ['patch']]])
  })

  it('lets editors of a namespace change what is ours, without its statuses, patches of what proxies get, and programs that run in them', async () => {
    const roles = (await helm.objects()).filter(
      ({ metadata }) => metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-edit'] === 'true',
    )
    const changed = KINDS.filter(({ group, plural }) => allows(roles, group, plural, 'update')).map(({ kind }) => kind)
    expect(changed).toEqual(KINDS.filter(({ isOwn, kind }) => isOwn && !RUNS_CODE.includes(kind)).map(({ kind }) => kind))
    expect(KINDS.filter(({ group, plural }) => allows(roles, group, `${plural}/status`, 'update'))).toEqual([])
  })

  it('gives no permission that docs/security.md does not list, under its duty', async () => {
    const page = readFileSync(join(CHART, '..', '..', 'docs', 'security.md'), 'utf8')
    const listed = dutiesOf(page)
    const roles = (await helm.objects('--set', 'rateLimit.enabled=true,rateLimit.redis.url=redis:6379')).filter(isOfController)
    const unlisted = roles.flatMap(({ metadata, rules = [] }) => {
      const duty = metadata.name.split(/:|^headgate-/).at(-1) ?? ''
      const rows = (listed.get(duty) ?? []).map((row) => row.toLowerCase())
      return rules
        .flatMap(({ apiGroups, resources, resourceNames, verbs }) => {
          // Where only some are meant, these are named.
          const words = resourceNames ?? resources.map((each) => wordOf(`${apiGroups}`, each))
          return words.flatMap((word) => verbs.map((verb) => [word, verb] as const))
        })
        .filter(([word, verb]) => !rows.some((row) => row.includes(word) && row.includes(verb)))
        .map(([word, verb]) => `${duty}: ${verb} ${word}`)
    })
    expect([...listed.keys()].toSorted()).toEqual(['authenticate', 'cluster', 'own', 'provision', 'read', 'read-secrets', 'status'])
    expect(roles).toHaveLength(7)
    expect(unlisted).toEqual([])
  })

  it('binds every role of the controller to its ServiceAccount', async () => {
    const objects = await helm.objects()
    const roles = objects.filter(isOfController).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    const bound = objects
      .filter(({ kind }) => kind === 'ClusterRoleBinding' || kind === 'RoleBinding')
      .map((binding) => (binding as unknown as { roleRef: { kind: string; name: string } }).roleRef)
      .map(({ kind, name }) => `${kind} ${name}`)
    expect(bound.sort()).toEqual(roles.sort())
  })
})

/** Rows of the table of permissions, by duty: a row without one goes on with that of the row before. */
function dutiesOf(page: string): ReadonlyMap<string, readonly string[]> {
  const [, table = ''] = page.split('| duty |')
  const rows = (table.split('\n\n')[0] ?? '').split('\n').slice(2)
  const duties = new Map<string, string[]>()
  let duty = ''
  for (const row of rows) {
    const [, name] = /^\| `([a-z-]+)`/.exec(row) ?? []
    duty = name ?? duty
    duties.set(duty, [...(duties.get(duty) ?? []), row])
  }
  return duties
}

/** How the page calls a resource, in lower case. */
function wordOf(group: string, resource: string): string {
  if (resource.endsWith('/status') && resource !== 'gatewayclasses/status') return '`/status` of the kinds above'
  if (group === 'headgate.dev') return '`headgate.dev`'
  return resource.endsWith('routes') ? 'all routes' : resource
}

/** Roles for people (aggregated ones) are not the controller's. */
function isOfController({ kind, metadata }: Manifest): boolean {
  return (kind === 'Role' || kind === 'ClusterRole') && !Object.keys(metadata.labels ?? {}).some((label) => label.includes('aggregate-to-'))
}

function allows(roles: readonly Manifest[], group: string, resource: string, verb: string): boolean {
  return roles.some(({ rules = [] }) =>
    rules.some(
      (rule) =>
        rule.apiGroups.includes(group) && (rule.resources.includes(resource) || rule.resources.includes('*')) && rule.verbs.includes(verb),
    ),
  )
}
