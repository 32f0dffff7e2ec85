/** The whole translation without a running Headgate: files in, statuses and Envoy resources out. */
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { DUMPED_TYPES, type DumpedResource, type DumpSection, dumpSections } from '../admin/dump.js'
import { explainAll, type PlacedExplanation, withPlaces } from '../admin/explain.js'
import type { ListenerPlace, Problem } from '../admin/sources.js'
import type { Question } from '../explain/question.js'
import { CONTROLLER_NAME } from '../gatewayapi/context.js'
import { SUPPORTED_FEATURES } from '../gatewayapi/features.js'
import type { ObjectStatus } from '../gatewayapi/object-status.js'
import type { EffectiveField } from '../gatewayapi/policies/effective-report.js'
import { LocalPlacements } from '../infra/host/local-placements.js'
import { KINDS } from '../kinds/index.js'
import { FolderState } from '../provider/file/folder-state.js'
import { objectFiles } from '../provider/file/object-files.js'
import { readText } from '../provider/file/read-text.js'
import { OurObjects } from '../store/our-objects.js'
import { ResourceStore } from '../store/resource-store.js'
import { atOnce } from '../util/in-parts.js'
import { SnapshotCache } from '../xds/snapshot-cache.js'
import { placeText, toProblem } from './folder/file-problems.js'
import { folderWarnings } from './folder/warnings.js'
import { effectivePoliciesOf } from './observe/effective-policies.js'
import { listenerPlaces } from './observe/listener-places.js'
import { ObjectStatuses } from './observe/object-statuses.js'
import { Pipeline } from './pipeline.js'
import { createTranslation } from './translation.js'

/** Everything that a translation says. */
export interface OfflineTranslation {
  readonly objects: readonly ObjectStatus[]
  readonly listeners: readonly ListenerPlace[]
  readonly problems: readonly Problem[]
  /** The resources that proxies would get, as they are dumped. */
  resources(): Promise<readonly DumpedResource[]>
  /** What becomes of a request, at each listener that may be meant. */
  explain(question: Question): Promise<readonly PlacedExplanation[]>
  /** @param route `<kind>/<namespace>/<name>` */
  effectivePolicies(route: string): readonly EffectiveField[]
}

/** A file or folder that cannot be read. The message says which and why. */
export class UnreadableInputError extends Error {
  override readonly name = 'UnreadableInputError'
}

/** What to translate, and for whom. */
export interface OfflineInput {
  /** Files and folders; `-` is the standard input. */
  readonly names: readonly string[]
  /** Relative names start here. */
  readonly workingFolder: string
  /** The controller that GatewayClasses name. Default: ours. */
  readonly controllerName?: string
}

/** Translates files and folders. Throws `UnreadableInputError` for what cannot be read, and where there is nothing at all. */
export async function translateOffline(input: OfflineInput): Promise<OfflineTranslation> {
  const { names, workingFolder, controllerName = CONTROLLER_NAME } = input
  const state = new FolderState(KINDS, controllerName)
  const files = await Promise.all(names.map((name) => textsOf(name, workingFolder)))
  const contents = files.flat().map(({ file, text }) => [file, atOnce(state.read(file, text))] as const)
  // Whoever made it, such as a program in front of a pipe, may have failed: that nothing is wrong with it would say that all is well.
  if (contents.every(([, { documents }]) => documents.size === 0))
    throw new UnreadableInputError(`There is no object in ${names.map((name) => (name === '-' ? 'the standard input' : name)).join(', ')}.`)
  const changes = atOnce(state.apply(contents))

  const translation = createTranslation({
    controllerName,
    envoyPatches: true,
    allowExternalName: true,
    supportedFeatures: SUPPORTED_FEATURES,
  })
  const store = new ResourceStore(KINDS, new OurObjects(translation.inputs, controllerName))
  const statuses = new ObjectStatuses()
  const snapshots = new SnapshotCache()
  const pipeline = new Pipeline({
    translation,
    store,
    snapshots,
    placements: new LocalPlacements(0, true),
    onStatuses: (changed) => statuses.apply(changed),
  })
  pipeline.changes(changes)
  pipeline.complete()
  await pipeline.idle()

  const resources = async (): Promise<readonly DumpedResource[]> => {
    let dump = ''
    for await (const part of dumpSections(snapshots, Object.keys(DUMPED_TYPES) as DumpSection[])) dump += part
    return JSON.parse(dump) as readonly DumpedResource[]
  }
  return {
    objects: [...statuses.values()],
    listeners: listenerPlaces(translation),
    problems: [...state.problems().map(toProblem), ...folderWarnings(store, translation, controllerName)],
    resources,
    explain: async (question) =>
      withPlaces(await explainAll(snapshots, question), (object, path) => placeText(state.placeOf(object, path))),
    effectivePolicies: (route) => effectivePoliciesOf(translation, route),
  }
}

interface NamedText {
  readonly file: string
  readonly text: string
}

async function textsOf(name: string, workingFolder: string): Promise<readonly NamedText[]> {
  if (name === '-') return [{ file: '<stdin>', text: await readAll(process.stdin) }]
  const path = resolve(workingFolder, name)
  const stats = await stat(path).catch((cause: unknown) => {
    throw new UnreadableInputError(`There is no file or folder ${name}.`, { cause })
  })
  if (!stats.isDirectory()) return [await textOf(name, path)]
  const files = await objectFiles(path).catch((cause: unknown) => {
    throw new UnreadableInputError(`The folder ${name} cannot be read.`, { cause })
  })
  return Promise.all(files.map((file) => textOf(join(name, file), join(path, file))))
}

async function textOf(file: string, path: string): Promise<NamedText> {
  const result = await readText(path)
  switch (result.outcome) {
    case 'text':
      return { file, text: result.text }
    case 'missing':
      throw new UnreadableInputError(`${file} is no regular file.`)
    case 'unreadable':
      throw new UnreadableInputError(`${file}: ${result.reason}; ${result.advice}.`)
  }
}
