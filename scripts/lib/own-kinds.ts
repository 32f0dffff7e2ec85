/** The files that are made from the schemas of our own kinds and kept in the repository: CRDs and reference docs. */
import { stringify } from 'yaml'
import { KINDS } from '../../src/kinds/index.js'
import { customResourceDefinition } from '../../src/schema/crd.js'
import { type KindDefinition, preferredApiVersion } from '../../src/schema/kind.js'
import { kindReference } from '../../src/schema/reference-docs.js'

const CRD_FOLDER = 'charts/headgate/crds'
const REFERENCE_PAGE = 'docs/reference/kinds.md'
const CRD_HEADER = '# Generated from src/kinds by scripts/generate-crds.ts: do not edit.\n'

/** The text of every file, by its path in the repository. */
export function ownKindFiles(kinds: readonly KindDefinition[] = KINDS): ReadonlyMap<string, string> {
  const own = kinds.filter((kind) => kind.isOwn)
  const crds = own.map((kind): [string, string] => [
    `${CRD_FOLDER}/${kind.group}_${kind.plural}.yaml`,
    // Kubernetes reads YAML 1.1, where `off` without quotes is a boolean.
    CRD_HEADER + stringify(customResourceDefinition(kind), { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false }),
  ])
  return new Map([...crds, [REFERENCE_PAGE, referencePage(kinds, own)]])
}

function referencePage(all: readonly KindDefinition[], own: readonly KindDefinition[]): string {
  const rows = all.map(
    (kind) => `| ${kind.kind} | \`${preferredApiVersion(kind)}\` | ${otherVersions(kind)} | ${kind.schema.description} |`,
  )
  return [
    '# Kinds',
    '',
    '<!-- Generated from src/kinds by scripts/generate-crds.ts: do not edit. -->',
    '',
    'Headgate reads these kinds, from a cluster or from a folder of files. Objects in files are defaulted and validated as the API server',
    'does it: the same defaults, bounds, patterns and rules, with the same messages.',
    '',
    '| Kind | Read as | Also written as | Meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'The kinds of the Gateway API are those of v1.7.0 with all fields of its experimental channel; see',
    'https://gateway-api.sigs.k8s.io/reference/spec/. The kinds of Headgate follow.',
    '',
    ...own.map((kind) => kindReference(kind, 2)),
  ].join('\n')
}

function otherVersions(kind: KindDefinition): string {
  const others = kind.versions.slice(1)
  return others.length === 0 ? '' : others.map((version) => `\`${version}\``).join(', ')
}
