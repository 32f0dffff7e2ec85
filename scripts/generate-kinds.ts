/** Writes `src/gen/kinds.d.ts`, the types of all kinds, from the schemas in `src/kinds`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { KINDS } from '../src/kinds/index.js'
import { typeDeclarations } from '../src/schema/typescript.js'

const target = join(dirname(fileURLToPath(import.meta.url)), '..', 'src', 'gen', 'kinds.d.ts')
const text = typeDeclarations(KINDS, '../provider/provider.js')

mkdirSync(dirname(target), { recursive: true })
if (readOr(target) !== text) writeFileSync(target, text)

function readOr(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
