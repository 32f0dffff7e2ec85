/**
 * `npm run field-drop [-- ROW...]`: takes one field after the other away from what the translation reads, in a copy of the repository.
 * Every feature test that says it proves the field must fail then; one that passes proves nothing.
 *
 * Without arguments it takes 20 fields; a row is one of docs/reference/features.md such as `'HTTPRoute spec.hostnames'`, and `all` stands
 * for every field of a spec that is translated.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expandBraces, type FeatureTest, featureTests } from '../../test/features/coverage.js'
import { EXCEPTIONS } from '../../test/features/exceptions.js'
import { featureRows } from '../../test/features/rows.js'
import { gatewayApiModuleFolder } from '../../test/support/gateway-api-module.js'
import { startProgram } from '../../test/support/program.js'
import { taskArguments } from '../lib/task-arguments.js'

/** Fields of all kinds without which an object is still valid. */
const SAMPLE: readonly string[] = [
  'GatewayClass spec.parametersRef.namespace',
  'Gateway spec.addresses.value',
  'Gateway spec.infrastructure.labels',
  'Gateway spec.listeners.hostname',
  'Gateway spec.listeners.tls.options',
  'HTTPRoute spec.hostnames',
  'HTTPRoute spec.parentRefs.port',
  'HTTPRoute spec.parentRefs.sectionName',
  'HTTPRoute spec.rules.matches.method',
  'HTTPRoute spec.rules.filters.cors.allowCredentials',
  'HTTPRoute spec.rules.filters.externalAuth.http.path',
  'HTTPRoute spec.rules.filters.requestHeaderModifier.remove',
  'HTTPRoute spec.rules.filters.requestMirror.percent',
  'HTTPRoute spec.rules.filters.requestRedirect.port',
  'HTTPRoute spec.rules.backendRefs.filters.urlRewrite.hostname',
  'HTTPRoute spec.rules.retry.codes',
  'HTTPRoute spec.rules.sessionPersistence.cookie.name',
  'HTTPRoute spec.rules.timeouts.request',
  'GRPCRoute spec.rules.matches.method.service',
  'ReferenceGrant spec.to.name',
]

/** What these say is checked by the schema before the translation, which has no use for them. */
const UNUSED: readonly string[] = [
  'GatewayClass spec.description',
  '{HTTPRoute,GRPCRoute} spec.rules.name',
  '{HTTPRoute,GRPCRoute} spec.rules.{filters,backendRefs.filters}.type',
].flatMap(expandBraces)

const repository = join(import.meta.dirname, '..', '..')
const COPIED = ['envoy', 'jest.config.js', 'package.json', 'protos', 'scripts', 'src', 'test', 'tsconfig.json']
/** Where objects enter the translation. */
const ENTRANCE = { file: 'src/gatewayapi/inputs.ts', before: '?.set(key, object)', after: '?.set(key, keepWhatIsLeft(kind, object))' }
const KEEP_WHAT_IS_LEFT = `
import { withoutField } from '../../scripts/lib/without-field.js'

function keepWhatIsLeft(kind: string, object: KubeObject | undefined): KubeObject | undefined {
  const [of, path = ''] = (process.env.DROPPED_FIELD ?? '').split(' ')
  return of === kind ? (withoutField(object, path.split('.')) as KubeObject | undefined) : object
}
`

const tests = featureTests(join(repository, 'test', 'features'))
const rows = chosenRows()
const copy = copyRepository()
try {
  process.exitCode = (await dropFields(rows)) ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

function chosenRows(): readonly string[] {
  const excepted = new Set(EXCEPTIONS.flatMap(({ row }) => expandBraces(row)))
  const fields = featureRows(gatewayApiModuleFolder())
    .map(({ name }) => name)
    .filter((name) => / spec\./.test(name) && !excepted.has(name) && !UNUSED.includes(name))
  const { words } = taskArguments({}, (row) => row === 'all' || fields.includes(row))
  if (words.includes('all')) return fields
  return words.length === 0 ? SAMPLE : words
}

function copyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-field-drop-'))
  for (const name of COPIED) cpSync(join(repository, name), join(folder, name), { recursive: true })
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'))
  const path = join(folder, ENTRANCE.file)
  const text = readFileSync(path, 'utf8')
  if (!text.includes(ENTRANCE.before)) throw new Error(`${ENTRANCE.file} no longer says "${ENTRANCE.before}": objects enter elsewhere now`)
  writeFileSync(path, `${text.replace(ENTRANCE.before, ENTRANCE.after)}${KEEP_WHAT_IS_LEFT}`)
  return folder
}

/** True if all tests pass with every field, and all fail that prove a field which is taken away. */
async function dropFields(rows: readonly string[]): Promise<boolean> {
  const whole = await passing(
    tests.filter((test) => rows.some((row) => test.rows.includes(row))),
    '',
  )
  const broken = tests.filter((test) => rows.some((row) => test.rows.includes(row)) && !whole.has(test.title))
  for (const { file, title } of broken) console.log(`FAILS WITH EVERY FIELD  ${file}: ${title}`)
  let failed = broken.length
  let passed = 0
  for (const row of rows) {
    const proofs = tests.filter((test) => test.rows.includes(row))
    const survivors = await passing(proofs, row)
    if (proofs.length > 0 && survivors.size === 0) passed += 1
    else failed += 1
    const verdict = proofs.length === 0 ? 'NO TEST' : survivors.size === 0 ? 'noticed' : 'NOT NOTICED'
    console.log(`${verdict.padEnd(11)} ${row}${[...survivors].map((title) => `\n            passes without it: ${title}`).join('')}`)
  }
  console.log(`${passed} passed, ${failed} failed`)
  return failed === 0
}

/** The titles of the tests that pass without a field. */
async function passing(chosen: readonly FeatureTest[], dropped: string): Promise<ReadonlySet<string>> {
  if (chosen.length === 0) return new Set()
  const result = join(copy, 'result.json')
  rmSync(result, { force: true })
  const files = [...new Set(chosen.map(({ file }) => join('test', 'features', file)))]
  const titles = chosen.map(({ title }) => title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')
  const jest = [
    join('node_modules', '.bin', 'jest'),
    '--forceExit',
    '--json',
    `--outputFile=${result}`,
    '--silent',
    '-t',
    `^(${titles})$`,
    ...files,
  ]
  await new Promise<void>((resolve, reject) => {
    const child = startProgram(process.execPath, jest, {
      cwd: copy,
      stdio: 'ignore',
      env: { ...process.env, DROPPED_FIELD: dropped, NODE_OPTIONS: '--experimental-vm-modules' },
    })
    child.on('error', reject)
    child.on('exit', () => resolve())
  })
  const { testResults } = JSON.parse(readFileSync(result, 'utf8')) as {
    readonly testResults: readonly { readonly assertionResults: readonly { readonly title: string; readonly status: string }[] }[]
  }
  const passed = testResults.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'passed'))
  return new Set(passed.map(({ title }) => title))
}
