/** Which files of a folder are read: the same ones whether somebody watches it or looks at it once. */
import type { Stats } from 'node:fs'
import { readdir, realpath, stat } from 'node:fs/promises'
import { basename, extname, join } from 'node:path'

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json'])

/** True for names of files and folders that are nobody's objects: editors, version control and mounted ConfigMaps keep things there. */
export function isHidden(name: string): boolean {
  return name.startsWith('.')
}

/** True for files that may hold objects. */
export function isObjectFile(path: string): boolean {
  const name = basename(path)
  return EXTENSIONS.has(extname(name)) && !isHidden(name)
}

/**
 * The files of a folder and of those below it, links to folders included, as paths below it in ascending order.
 *
 * @throws Error if the folder cannot be read
 */
export async function objectFiles(folder: string): Promise<readonly string[]> {
  return (await filesBelow(folder, '', [])).toSorted()
}

async function filesBelow(root: string, directory: string, ancestors: readonly string[]): Promise<readonly string[]> {
  const real = await realpath(join(root, directory))
  // A link to a directory that it stands in would go round for ever.
  if (ancestors.includes(real)) return []
  const names = (await readdir(join(root, directory))).filter((name) => !isHidden(name))
  const found = await Promise.all(
    names.map(async (name) => {
      const path = join(directory, name)
      const stats = await statOrNothing(join(root, path))
      if (stats?.isDirectory()) return await filesBelow(root, path, [...ancestors, real])
      return stats?.isFile() && isObjectFile(path) ? [path] : []
    }),
  )
  return found.flat()
}

/** What there is; undefined where there is nothing, or a link that leads nowhere. */
export async function statOrNothing(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path)
  } catch {
    return undefined
  }
}
