/**
 * Writes docs/reference/features.md from the tests in test/features, and docs/reference/policy-coverage.md from those in test/policies. Run it
 * after a change of such a test: `npx tsx scripts/generate-features.ts`.
 */
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { featureTests } from '../test/features/coverage.js'
import { EXCEPTIONS } from '../test/features/exceptions.js'
import { featuresPage } from '../test/features/features-page.js'
import { featureRows } from '../test/features/rows.js'
import { coveragePage } from '../test/policies/coverage/coverage-page.js'
import { FIELD_TABLES } from '../test/policies/coverage/index.js'
import { gatewayApiModuleFolder } from '../test/support/gateway-api-module.js'

const repository = join(dirname(fileURLToPath(import.meta.url)), '..')
const pages = {
  'docs/reference/features.md': featuresPage(
    featureRows(gatewayApiModuleFolder()),
    featureTests(join(repository, 'test', 'features')),
    EXCEPTIONS,
  ),
  'docs/reference/policy-coverage.md': coveragePage(FIELD_TABLES, featureTests(join(repository, 'test', 'policies'), 'policyField')),
}
for (const [page, text] of Object.entries(pages)) {
  writeFileSync(join(repository, page), text)
  console.log(page)
}
