/** Writes the CRDs and the reference docs of our own kinds from their schemas. Run it after a change in `src/kinds`. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CHART_FILE, withKinds } from './lib/chart-annotation.js'
import { ownKindFiles } from './lib/own-kinds.js'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const files = ownKindFiles()

for (const [path, text] of files) {
  const target = join(repository, path)
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, text)
  console.log(path)
}

writeFileSync(join(repository, CHART_FILE), withKinds(readFileSync(join(repository, CHART_FILE), 'utf8')))
console.log(CHART_FILE)

const folder = join('charts', 'headgate', 'crds')
for (const name of readdirSync(join(repository, folder))) {
  const path = `charts/headgate/crds/${name}`
  if (files.has(path)) continue
  rmSync(join(repository, folder, name))
  console.log(`removed ${path}: no kind of ours has it any more`)
}
