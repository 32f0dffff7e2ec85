/** Reads objects from a folder of YAML and JSON files, and goes on reading as they change. */
import { join } from 'node:path'
import type { FieldPath } from '../../schema/field-path.js'
import type { KindDefinition } from '../../schema/kind.js'
import type { InParts } from '../../util/in-parts.js'
import type { ObjectRef } from '../../util/object-ref.js'
import type { Change, Provider, ProviderSink } from '../provider.js'
import { FolderState } from './folder-state.js'
import { FolderWatcher } from './folder-watcher.js'
import { inTurns } from './in-turns.js'
import { type FilePlace, START } from './position.js'
import { type FileProblem, formatProblem } from './problem.js'
import { type FileContent, unreadableFile } from './read-file.js'
import { readText, type TextResult } from './read-text.js'

/** A version of a file that says less than the one before is believed when it stands for so long. */
const SETTLE_MS = 25
/** A file that never comes to rest is believed after so long. */
const MAX_SUSPECT_MS = 1_000
const RESCAN_MS = 5_000
const MAX_LINES_IN_ERROR = 50
const FILES_AT_ONCE = 32
const CHANGES_AT_ONCE = 50

/** What is wrong in the folder now. */
export interface FileReport {
  readonly problems: readonly FileProblem[]
  /** Those of `problems` that were not in the last report. */
  readonly added: readonly FileProblem[]
  /** True where something was wrong in the last report, and nothing is. */
  readonly isRightAgain: boolean
  /** Errors whose text holds objects that are not in use: who serves the rest must fail closed for them. */
  readonly lost: readonly FileProblem[]
}

/** What a file provider works with. */
export interface FileProviderOptions {
  readonly folder: string
  readonly kinds: readonly KindDefinition[]
  /** Whose class `headgate` is where a Gateway names it and no file has it; without this there is none then. */
  readonly controllerName?: string
  /** Starts even if documents cannot be read; they stand in the report as lost. */
  readonly allowPartial?: boolean
  /** Called at start and whenever problems come or go. */
  readonly onReport?: (report: FileReport) => void
  /** How often every file is looked at even if nothing seems to happen, in milliseconds. Default 5,000. */
  readonly rescanMs?: number
}

/** The folder cannot be served: it does not exist, or a document in it cannot be read. */
export class FileProviderError extends Error {
  readonly problems: readonly FileProblem[]

  constructor(message: string, problems: readonly FileProblem[] = [], options: ErrorOptions = {}) {
    const lines = problems.slice(0, MAX_LINES_IN_ERROR).map(formatProblem)
    const more = problems.length > lines.length ? [`… and ${problems.length - lines.length} more`] : []
    super([message, ...lines, ...more].join('\n'), options)
    this.name = 'FileProviderError'
    this.problems = problems
  }
}

/** A version of a file that is waited with, because it may be half written. */
interface Suspect {
  readonly text: string | undefined
  /** When this text was first seen, and when the file was last known to be whole: milliseconds of the process clock. */
  readonly textSince: number
  readonly since: number
}

/** Serves the objects of a folder. */
export class FileProvider implements Provider {
  readonly #options: FileProviderOptions
  readonly #state: FolderState
  readonly #dirty = new Set<string>()
  readonly #suspects = new Map<string, Suspect>()
  #settled: NodeJS.Timeout | undefined
  #running = false
  #reported: ReadonlySet<string> = new Set()
  /** The folder as a whole is out of reach. */
  #folderProblem: FileProblem | undefined

  constructor(options: FileProviderOptions) {
    this.#options = options
    this.#state = new FolderState(options.kinds, options.controllerName)
  }

  /**
   * Hands over what the folder holds, then every change, until the signal aborts.
   *
   * @throws FileProviderError if the folder cannot be read or, unless partial folders are allowed, a document in it cannot
   */
  async start(sink: ProviderSink, signal: AbortSignal): Promise<void> {
    let fail: (error: unknown) => void = () => undefined
    const failed = new Promise<never>((_, reject) => {
      fail = reject
    })
    const watcher = new FolderWatcher({
      folder: this.#options.folder,
      rescanMs: this.#options.rescanMs ?? RESCAN_MS,
      onFiles: (files) => {
        if (!signal.aborted) this.#look(files, sink, signal, fail)
      },
      onError: (error) => this.#reportFolder(error),
    })
    try {
      // Before the first hand-over, what the watcher sees is kept for later.
      this.#running = true
      await this.#readAll(await this.#open(watcher), sink)
      sink.complete()
      this.#running = false
      this.#look([], sink, signal, fail)
      await Promise.race([failed, aborted(signal)])
    } finally {
      clearTimeout(this.#settled)
      watcher.close()
    }
  }

  /** Where a part of an object that is in use stands; undefined for one that is not. */
  placeOf(ref: ObjectRef, path: FieldPath): FilePlace | undefined {
    return this.#state.placeOf(ref, path)
  }

  async #open(watcher: FolderWatcher): Promise<readonly string[]> {
    try {
      return await watcher.open()
    } catch (error) {
      const { folder } = this.#options
      throw new FileProviderError(`${folder} cannot be read; create it or name another folder with --resources`, [], { cause: error })
    }
  }

  async #readAll(files: readonly string[], sink: ProviderSink): Promise<void> {
    const contents = new Map<string, FileContent>()
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      const some = files.slice(at, at + FILES_AT_ONCE)
      const texts = await Promise.all(some.map(async (file) => [file, await this.#text(file)] as const))
      // One after the other, each of which gives way to others.
      for (const [file, text] of texts) {
        const content = await this.#contentOf(file, text)
        if (content !== undefined) contents.set(file, content)
      }
    }
    // Someone may be writing: what cannot be read gets a second look.
    const broken = [...contents].flatMap(([file, content]) => (content.unreadable.length > 0 ? [file] : []))
    if (broken.length > 0) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    for (const file of broken) {
      const content = await this.#read(file)
      if (content === undefined) contents.delete(file)
      else contents.set(file, content)
    }
    const changes = await inTurns(this.#state.apply([...contents].map(([file, content]) => [this.#path(file), content])))
    const unreadable = this.#state.problems().filter((problem) => problem.unreadable)
    if (unreadable.length > 0 && this.#options.allowPartial !== true) {
      const what = `${this.#options.folder} cannot be served: correct these files, or start with --allow-partial to serve the rest`
      throw new FileProviderError(what, unreadable)
    }
    await inTurns(handOver(changes, sink))
    this.#report()
  }

  #look(files: readonly string[], sink: ProviderSink, signal: AbortSignal, fail: (error: unknown) => void): void {
    if (files.length > 0) this.#folderProblem = undefined
    for (const file of files) this.#dirty.add(file)
    if (this.#running || this.#dirty.size === 0) return
    this.#drain(sink, signal).then(() => this.#lookAtSuspects(sink, signal, fail), fail)
  }

  #lookAtSuspects(sink: ProviderSink, signal: AbortSignal, fail: (error: unknown) => void): void {
    // One timer for all of them, which other edits do not put off.
    if (this.#suspects.size === 0 || this.#settled !== undefined || signal.aborted) return
    this.#settled = setTimeout(() => {
      this.#settled = undefined
      this.#look([...this.#suspects.keys()], sink, signal, fail)
    }, SETTLE_MS)
  }

  async #drain(sink: ProviderSink, signal: AbortSignal): Promise<void> {
    this.#running = true
    while (this.#dirty.size > 0 && !signal.aborted) {
      // With every suspect, all at one time: what was written later must not be believed before what was written earlier.
      const files = new Set([...this.#suspects.keys(), ...this.#dirty])
      const now = performance.now()
      this.#dirty.clear()
      const updates: (readonly [string, FileContent | undefined])[] = []
      for (const file of files) {
        const content = await this.#read(file)
        if (this.#isBelieved(file, content, now)) updates.push([this.#path(file), content])
      }
      if (signal.aborted) return
      const changes = await inTurns(this.#state.apply(updates))
      if (signal.aborted) return
      if (changes.length > 0) sink.changes(changes)
      // Objects that move between files stand in both or in none of them for a moment: that is not worth a word.
      if (this.#suspects.size === 0) this.#report()
    }
    // Nothing may come between the last look at `#dirty` and this: whoever adds to it then must start anew.
    this.#running = false
  }

  /** False for a version that may be half written; it is looked at again. */
  #isBelieved(file: string, content: FileContent | undefined, now: number): boolean {
    const suspect = this.#suspects.get(file)
    if (!this.#state.saysLess(this.#path(file), content) || isSettled(suspect, content?.text, now)) {
      this.#suspects.delete(file)
      return true
    }
    const textSince = suspect !== undefined && suspect.text === content?.text ? suspect.textSince : now
    this.#suspects.set(file, { text: content?.text, textSince, since: suspect?.since ?? now })
    return false
  }

  async #read(file: string): Promise<FileContent | undefined> {
    return await this.#contentOf(file, await this.#text(file))
  }

  async #text(file: string): Promise<TextResult> {
    return await readText(join(this.#options.folder, file))
  }

  async #contentOf(file: string, result: TextResult): Promise<FileContent | undefined> {
    if (result.outcome === 'missing') return undefined
    if (result.outcome === 'unreadable') return unreadableFile(result.reason, result.advice)
    return await inTurns(this.#state.read(this.#path(file), result.text))
  }

  /** The path that people see: below the folder as they gave it. */
  #path(file: string): string {
    return join(this.#options.folder, file)
  }

  #report(): void {
    const problems = [...(this.#folderProblem === undefined ? [] : [this.#folderProblem]), ...this.#state.problems()]
    const lines = new Set(problems.map(formatProblem))
    const isFirst = this.#reported.size === 0 && lines.size === 0
    if (!isFirst && lines.size === this.#reported.size && [...lines].every((line) => this.#reported.has(line))) return
    const added = problems.filter((problem) => !this.#reported.has(formatProblem(problem)))
    const isRightAgain = lines.size === 0 && this.#reported.size > 0
    this.#reported = lines
    this.#options.onReport?.({ problems, added, isRightAgain, lost: problems.filter((problem) => problem.effect === 'lost') })
  }

  #reportFolder(error: Error): void {
    this.#folderProblem = {
      severity: 'error',
      file: this.#options.folder,
      position: START,
      reason: error.message,
      advice: 'see that the folder can be read',
      effect: 'keptLastGood',
      unreadable: true,
    }
    this.#report()
  }
}

/** Nothing is made of what existed at the start before all of it is there, so it may come little by little. */
function* handOver(changes: readonly Change[], sink: ProviderSink): InParts<void> {
  for (let at = 0; at < changes.length; at += CHANGES_AT_ONCE) {
    sink.changes(changes.slice(at, at + CHANGES_AT_ONCE))
    yield
  }
}

function isSettled(suspect: Suspect | undefined, text: string | undefined, now: number): boolean {
  if (suspect === undefined) return false
  return (suspect.text === text && now - suspect.textSince >= SETTLE_MS) || now - suspect.since > MAX_SUSPECT_MS
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}
