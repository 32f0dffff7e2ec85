/** Which tests prove which rows: read from the sources of the tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A test that calls `feature()`. */
export interface FeatureTest {
  readonly file: string
  readonly title: string
  readonly rows: readonly string[]
}

const CALL = /feature\(\s*\[([^\]]*)\],\s*(['"`])(.*?[^\\])\2,/gs

/** Every call of `feature()` in a folder and below. */
export function featureTests(folder: string): readonly FeatureTest[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.test.ts'))
  return files.sort().flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(CALL)].map(([, rows = '', , title = '']) => ({
      file,
      title: title.replaceAll("\\'", "'"),
      rows: [...rows.matchAll(/(['"`])(.*?)\1/g)].map(([, , row = '']) => row),
    })),
  )
}
