/** Whether the CRDs of Gateway API in a cluster are those that we know. */
import type { Definitions } from '../../gatewayapi/inputs.js'
import { KINDS } from '../../kinds/index.js'
import type { CustomResource } from '../../provider/kubernetes/custom-resources.js'

const GROUPS: readonly string[] = ['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io']
/** CRDs that are read. Others of the groups may be left from a release that still had them, and no later one brings them up to date. */
const READ: ReadonlySet<string> = new Set(
  KINDS.filter(({ group }) => GROUPS.includes(group)).map(({ plural, group }) => `${plural}.${group}`),
)
/** Their schemas differ in fields that we know how to do without. */
const KNOWN_MINORS: readonly number[] = [5, 6, 7]

/** What the translation needs to know of the installed definitions. */
export function describeDefinitions(resources: readonly CustomResource[]): Definitions {
  const ours = resources.filter(({ name }) => READ.has(name))
  const unmarked = ours.find(({ bundleVersion }) => bundleVersion === undefined)
  if (unmarked !== undefined) return { problem: `The CRD ${unmarked.name} does not say which version of Gateway API it is from.` }
  const unknown = ours.find(({ bundleVersion }) => !isKnown(bundleVersion ?? ''))
  if (unknown === undefined) return {}
  return { problem: `The CRD ${unknown.name} is from Gateway API ${unknown.bundleVersion}; install v1.7.0.` }
}

function isKnown(version: string): boolean {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? []
  return major === '1' && KNOWN_MINORS.includes(Number(minor))
}
