/** The version of this build. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

declare const HEADGATE_VERSION: string | undefined

/** As in package.json; written into the bundle when it is built. */
export function headgateVersion(): string {
  if (typeof HEADGATE_VERSION === 'string') return HEADGATE_VERSION
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as { version: string }
  return version
}
