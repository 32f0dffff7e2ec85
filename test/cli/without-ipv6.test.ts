/** On a Linux without IPv6 (`ipv6.disable=1`) the controller listens all the same. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from '@jest/globals'

const support = join(import.meta.dirname, '..', 'support')

it('all servers listen on what addresses there are', async () => {
  const program = [process.execPath, '--import', 'tsx', join(support, 'listen-everywhere.ts')]
  const { stdout } = await promisify(execFile)('python3', [join(support, 'without-ipv6.py'), ...program])
  expect(stdout.trim()).toBe('healthz says ok, xDS listens')
}, 60_000)
