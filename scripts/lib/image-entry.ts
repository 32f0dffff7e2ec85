/** How the image starts the controller: what else starts it does the same. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The command of the image and its environment. */
export interface ImageEntry {
  /** Node, its flags, and the program. */
  readonly command: readonly string[]
  readonly variables: Readonly<Record<string, string>>
}

/** Reads the Dockerfile. Throws if it does not start Node. */
export function imageEntry(): ImageEntry {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'Dockerfile'), 'utf8')
  const [, entry = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(text) ?? []
  const [, line = ''] = /^ENV (.*)$/m.exec(text) ?? []
  const command = JSON.parse(entry) as readonly string[]
  if (!command[0]?.endsWith('/node')) throw new Error('the ENTRYPOINT of the Dockerfile does not start Node')
  return { command, variables: Object.fromEntries(line.split(' ').map((each) => each.split('=') as [string, string])) }
}
