/** Which tests prove which rows: read from the sources of the tests. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A test that calls `feature()`, or another word of its kind. */
export interface FeatureTest {
  readonly file: string
  readonly title: string
  readonly rows: readonly string[]
}

/**
 * Every call of `feature()` in a folder and below.
 *
 * @param word the function that is called instead
 */
export function featureTests(folder: string, word = 'feature'): readonly FeatureTest[] {
  const calls = new RegExp(`\\b${word}\\(\\s*\\[([^\\]]*)\\],\\s*(['"\`])(.*?[^\\\\])\\2,`, 'gs')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(test|service)\.ts$/.test(file))
  return files.sort().flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(calls)].map(([, rows = '', , title = '']) => ({
      file,
      title: title.replaceAll("\\'", "'"),
      rows: [...rows.matchAll(/(['"`])(.*?)\1/g)].flatMap(([, , row = '']) => expandBraces(row)),
    })),
  )
}

/** `a.{b,c}.d` is `a.b.d` and `a.c.d`, as in a shell; braces do not nest. */
export function expandBraces(text: string): readonly string[] {
  const found = /^([^{]*)\{([^}]*)\}(.*)$/s.exec(text)
  if (found === null) return [text]
  const [, before = '', choices = '', after = ''] = found
  return choices.split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`))
}
