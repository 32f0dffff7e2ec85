/** Writes docs/reference/features.md from the tests in test/features. Run it after a change of a feature test: `npx tsx scripts/generate-features.ts`. */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { featureTests } from '../test/features/coverage.js'
import { EXCEPTIONS } from '../test/features/exceptions.js'
import { featuresPage } from '../test/features/features-page.js'
import { featureRows } from '../test/features/rows.js'
import { gatewayApiModuleFolder } from '../test/support/gateway-api-module.js'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const page = 'docs/reference/features.md'
const tests = featureTests(join(repository, 'test', 'features'))
writeFileSync(join(repository, page), featuresPage(featureRows(gatewayApiModuleFolder()), tests, EXCEPTIONS))
console.log(page)
