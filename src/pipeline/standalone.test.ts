import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from '@jest/globals'
import { startTestStandalone } from '../../test/support/standalone.js'

it('is ready when the proxy comes before the folder was read, and there is nothing to serve', async () => {
  const resources = await mkdtemp(join(tmpdir(), 'headgate-test-'))
  // Reading many files takes longer than starting an Envoy, and leaves it time to be answered.
  for (let at = 0; at < 4_000; at++) {
    await writeFile(join(resources, `${at}.yaml`), `{apiVersion: v1, kind: ConfigMap, metadata: {name: c${at}}}`)
  }
  // Resolves when it serves.
  const headgate = await startTestStandalone({ resources })
  try {
    expect(headgate.running.controlPlane.server.tracker.connectedProxies('local')).toBe(1)
    expect(headgate.running.controlPlane.snapshots.isComplete).toBe(true)
  } finally {
    await headgate.stop()
    await rm(resources, { recursive: true, force: true })
  }
}, 30_000)
