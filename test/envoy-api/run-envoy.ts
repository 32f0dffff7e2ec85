/** A real Envoy with a fixed configuration. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EncodedResource } from '../../src/xds/resource.js'
import { endProgram, startProgram } from '../support/program.js'
import { staticBootstrap } from './static-bootstrap.js'

/** Starts Envoy and waits until it serves. Call the returned function to stop it. */
export async function runEnvoy(envoy: string, resources: Iterable<EncodedResource>): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'envoy-run-'))
  const file = join(folder, 'bootstrap.json')
  const admin = join(folder, 'admin.sock')
  await writeFile(file, JSON.stringify(staticBootstrap(resources, admin)))
  const args = ['-c', file, '--concurrency', '1', '--disable-hot-restart', '--log-level', 'error']
  const child = startProgram(envoy, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const stop = async (): Promise<void> => {
    await endProgram(child)
    await rm(folder, { recursive: true, force: true })
  }
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await isReady(admin)) return stop
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  await stop()
  throw new Error('Envoy did not become ready: its reasons are above')
}

function isReady(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/ready' }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.on('error', () => resolve(false))
    asked.end()
  })
}
