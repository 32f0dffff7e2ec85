/** Go modules whose files tests read: they come from a module proxy on first use and from the module cache afterwards. */
import { execFileSync } from 'node:child_process'

const GO_TOOLCHAIN = 'go1.27.4'

/**
 * The folder of a module.
 *
 * @param name with its version, such as `sigs.k8s.io/gateway-api@v1.7.0`
 * @throws Error if Go is missing or the module cannot be fetched
 */
export function goModuleFolder(name: string): string {
  const env = { ...process.env, GOTOOLCHAIN: GO_TOOLCHAIN, GOFLAGS: '-mod=mod' }
  try {
    const answer: unknown = JSON.parse(execFileSync('go', ['mod', 'download', '-json', name], { env, encoding: 'utf8' }))
    if (typeof answer === 'object' && answer !== null && 'Dir' in answer && typeof answer.Dir === 'string') return answer.Dir
    throw new Error('its answer has no Dir')
  } catch (error) {
    throw new Error(`\`go mod download ${name}\` failed; install Go 1.21 or later and let it reach a module proxy`, { cause: error })
  }
}
