/**
 * Finds the files of a folder and says which ones may have changed.
 *
 * Every directory is watched by itself, since recursive watching of the platform loses symbolic links that are swapped. What the kernel
 * does not report (network file systems, targets of links outside of the folder) is found by looking at every file now and then.
 */
import { type FSWatcher, type Stats, watch } from 'node:fs'
import { lstat, readdir, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { isHidden, isObjectFile, statOrNothing } from './object-files.js'

/** What a watcher works with. */
export interface FolderWatcherOptions {
  readonly folder: string
  /** How often every file is looked at, in milliseconds. */
  readonly rescanMs: number
  /** Called with files that may have appeared, changed or gone, as paths below the folder. */
  readonly onFiles: (files: readonly string[]) => void
  /** Called when the folder itself cannot be read any more. */
  readonly onError: (error: Error) => void
}

/** A folder that is watched until it is closed. */
export class FolderWatcher {
  readonly #options: FolderWatcherOptions
  readonly #root: string
  readonly #directories = new Map<string, { readonly identity: string; readonly watcher: FSWatcher }>()
  /** What files looked like when they were last reported. */
  readonly #signatures = new Map<string, string>()
  readonly #queue = new Set<string>()
  #rootLink: FSWatcher | undefined
  #timer: NodeJS.Timeout | undefined
  #running = false
  #closed = false

  constructor(options: FolderWatcherOptions) {
    this.#options = options
    this.#root = resolve(options.folder)
  }

  /**
   * Starts to watch and returns the files that are there.
   *
   * @throws Error if the folder cannot be read
   */
  async open(): Promise<readonly string[]> {
    await this.#watchRootLink()
    await this.#scan('', new Set())
    this.#patrolLater()
    return [...this.#signatures.keys()].sort()
  }

  /** Stops watching. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#rootLink?.close()
    for (const { watcher } of this.#directories.values()) watcher.close()
    this.#directories.clear()
  }

  /** A folder that is a symbolic link, as `current -> releases/2`: its own directory tells when it is swapped. */
  async #watchRootLink(): Promise<void> {
    if ((await lstat(this.#root)).isSymbolicLink()) this.#watchAboveRoot()
  }

  /** Tells when the folder is swapped or comes back. */
  #watchAboveRoot(): void {
    if (this.#rootLink !== undefined || this.#closed) return
    this.#rootLink = watch(dirname(this.#root), (_, name) => {
      if (name === null || name === basename(this.#root)) this.#look('')
    })
    this.#rootLink.on('error', () => this.#look(''))
  }

  #patrolLater(): void {
    if (this.#closed) return
    this.#timer = setTimeout(() => void this.#patrol().then(() => this.#patrolLater()), this.#options.rescanMs)
    this.#timer.unref()
  }

  /** Looks for what no event told of. Reads only, file by file, so that events are not kept waiting. */
  async #patrol(): Promise<void> {
    const children = this.#children()
    for (const directory of [...this.#directories.keys()]) {
      const names = await readdir(join(this.#root, directory)).catch(() => undefined)
      if (names === undefined) this.#look(parentOf(directory))
      const known = new Set(children.get(directory))
      for (const name of names ?? []) {
        const path = join(directory, name)
        const isKnown = known.delete(path)
        const stats = isHidden(name) || this.#closed ? undefined : await statOrNothing(join(this.#root, path))
        if (stats?.isDirectory() && !this.#directories.has(path)) this.#look(path)
        if (stats?.isFile() && isObjectFile(path) && this.#signatures.get(path) !== signature(stats)) this.#look(path)
        if (stats === undefined && isKnown) this.#look(path)
      }
      for (const path of known) this.#look(path)
    }
    if (!this.#directories.has('') || (await statOrNothing(this.#root)) === undefined) this.#look('')
  }

  /** Looks at a file or a directory, after whatever is being looked at now. */
  #look(path: string): void {
    this.#queue.add(path)
    if (!this.#running && !this.#closed) void this.#drain()
  }

  /** Never rejects: an error is told, and what is left in the queue is looked at all the same. */
  async #drain(): Promise<void> {
    this.#running = true
    while (this.#queue.size > 0 && !this.#closed) {
      const paths = [...this.#queue].sort()
      this.#queue.clear()
      const found = new Set<string>()
      for (const path of paths) await this.#inspect(path, found)
      if (found.size > 0 && !this.#closed) this.#options.onFiles([...found].sort())
    }
    // Nothing may come between the last look at the queue and this: whoever adds to it then must start anew.
    this.#running = false
  }

  async #inspect(path: string, found: Set<string>): Promise<void> {
    const stats = await statOrNothing(join(this.#root, path))
    try {
      if (stats?.isDirectory()) await this.#scan(path, found)
      else if (path === '') throw new Error(`${this.#options.folder} is gone`)
    } catch (error) {
      if (path === '') await this.#awaitRoot(error)
      // It went away, or was swapped, while it was looked at.
      else this.#queue.add(parentOf(path))
    }
    if (stats === undefined && path !== '') this.#forget(path, found)
    if (stats?.isDirectory()) this.#forgetFile(path, found)
    if (stats?.isFile() && isObjectFile(path)) {
      // An event is reason enough to read: two writes within one tick of the clock look alike.
      this.#signatures.set(path, signature(stats))
      found.add(path)
    }
  }

  /** The folder cannot be read: says so, unless it is back already, and looks again as soon as it is. */
  async #awaitRoot(error: unknown): Promise<void> {
    if (this.#closed) return
    this.#unwatch('')
    try {
      this.#watchAboveRoot()
    } catch {
      // The folder above is gone as well: the patrol finds both.
    }
    const isGone = !(error instanceof Error && 'code' in error) || error.code === 'ENOENT'
    if (isGone && (await statOrNothing(this.#root))?.isDirectory()) this.#queue.add('')
    else this.#options.onError(error instanceof Error ? error : new Error(String(error)))
  }

  /** Looks at everything below a directory and watches it. */
  async #scan(directory: string, found: Set<string>, children = this.#children(), ancestors: readonly string[] = []): Promise<void> {
    const absolute = join(this.#root, directory)
    const real = await realpath(absolute)
    // A link to a directory that it stands in would go round for ever.
    if (ancestors.includes(real)) return
    await this.#watch(directory)
    const names = (await readdir(absolute)).filter((name) => !isHidden(name)).sort()
    const seen = new Set<string>()
    for (const name of names) {
      const path = join(directory, name)
      const stats = await statOrNothing(join(this.#root, path))
      if (stats === undefined) continue
      seen.add(path)
      if (stats.isDirectory()) {
        this.#forgetFile(path, found)
        await this.#scan(path, found, children, [...ancestors, real])
      } else if (stats.isFile() && isObjectFile(path)) this.#note(path, signature(stats), found)
    }
    for (const path of children.get(directory) ?? []) if (!seen.has(path)) this.#forget(path, found)
  }

  /** What is known to be in each directory: looked up once for all of them, which may be thousands. */
  #children(): ReadonlyMap<string, ReadonlySet<string>> {
    const children = new Map<string, Set<string>>()
    for (const known of [...this.#signatures.keys(), ...this.#directories.keys()]) {
      // Up to a directory that has it already: what is above that stands there, too.
      for (let path = known; path !== ''; path = parentOf(path)) {
        const siblings = children.get(parentOf(path)) ?? new Set()
        if (siblings.has(path)) break
        children.set(parentOf(path), siblings.add(path))
      }
    }
    return children
  }

  async #watch(directory: string): Promise<void> {
    const absolute = join(this.#root, directory)
    const stats = await stat(absolute)
    const identity = `${stats.dev}:${stats.ino}`
    const known = this.#directories.get(directory)
    if (this.#closed || known?.identity === identity) return
    known?.watcher.close()
    const watcher = watch(absolute, (_, name) => {
      // Its own name: it was removed or moved. One that is made in its place may have the same number, and must be watched anew.
      if (name === basename(absolute) && this.#directories.get(directory)?.watcher === watcher) {
        this.#unwatch(directory)
        this.#look(directory)
      }
      // `..data` is the link that a mounted ConfigMap swaps; all other hidden names are nobody's objects.
      if (name === null || name.startsWith('..')) this.#look(directory)
      else if (!isHidden(name)) this.#look(join(directory, name))
    })
    // The directory went away: the one above it tells the same.
    watcher.on('error', () => this.#look(parentOf(directory)))
    this.#directories.set(directory, { identity, watcher })
  }

  #unwatch(directory: string): void {
    this.#directories.get(directory)?.watcher.close()
    this.#directories.delete(directory)
  }

  #note(path: string, now: string, found: Set<string>): void {
    if (this.#signatures.get(path) === now) return
    this.#signatures.set(path, now)
    found.add(path)
  }

  /** A file or a directory with all that was below it is gone. */
  #forget(path: string, found: Set<string>): void {
    // Nothing is below it. Thousands may go one by one.
    if (!this.#directories.has(path) && this.#forgetFile(path, found)) return
    for (const file of [...this.#signatures.keys()]) {
      if (file !== path && !isBelow(file, path)) continue
      this.#signatures.delete(file)
      found.add(file)
    }
    for (const directory of [...this.#directories.keys()]) {
      if (directory === path || isBelow(directory, path)) this.#unwatch(directory)
    }
  }

  /** A file is gone. Returns false if there was none. */
  #forgetFile(path: string, found: Set<string>): boolean {
    if (!this.#signatures.delete(path)) return false
    found.add(path)
    return true
  }
}

function parentOf(path: string): string {
  const parent = dirname(path)
  return parent === '.' ? '' : parent
}

function signature(stats: Stats): string {
  return `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`
}

function isBelow(path: string, directory: string): boolean {
  return directory === '' ? path !== '' : path.startsWith(`${directory}/`)
}
