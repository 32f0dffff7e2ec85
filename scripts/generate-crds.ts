/** Writes the CRDs and the reference docs of our own kinds from their schemas. Run it after a change in `src/kinds`. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ownKindFiles } from './lib/own-kinds.js'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const files = ownKindFiles()

for (const [path, text] of files) {
  const target = join(repository, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
  console.log(path)
}

const folder = join('charts', 'headgate', 'crds')
for (const name of readdirSync(join(repository, folder))) {
  const path = `charts/headgate/crds/${name}`
  if (files.has(path)) continue
  rmSync(join(repository, folder, name))
  console.log(`removed ${path}: no kind of ours has it any more`)
}
