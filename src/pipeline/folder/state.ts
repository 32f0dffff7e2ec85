/** What outlives a restart on a laptop. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { StandaloneConfig } from '../../config/config.js'
import { type FetchCache, fileFetchCache } from '../../fetch/fetch-cache.js'
import { type LocalTrust, startLocalTrust } from '../../infra/host/local-trust.js'
import type { Logger } from '../../telemetry/logger.js'
import { keepRejectedVersions } from '../../xds/keep-rejected-versions.js'
import { RejectedVersions } from '../../xds/rejected-versions.js'
import { serverClock } from '../../xds/server/clock.js'
import { rejectedVersionFile } from '../../xds/server/rejected-version-file.js'

/** The folder of `--state`, opened. */
export interface StandaloneState {
  /** Who the local Envoy and the server are to each other; undefined without TLS. */
  readonly trust: LocalTrust | undefined
  readonly rejected: RejectedVersions
  readonly fetched: FetchCache
  /** Resolves when everything is written. */
  close(): Promise<void>
}

/** Makes the folder where it is missing. Rejects when it cannot be written, and when the list of rejected versions cannot be read. */
export async function openState({ stateFolder, xdsPlaintext }: StandaloneConfig, logger: Logger): Promise<StandaloneState> {
  await mkdir(stateFolder, { recursive: true, mode: 0o700 })
  const trust = xdsPlaintext ? undefined : await startLocalTrust(join(stateFolder, 'trust'), serverClock)
  const rejected = new RejectedVersions()
  const keeper = await keepRejectedVersions(rejected, rejectedVersionFile(join(stateFolder, 'rejected-versions.json')), (err) =>
    logger.warn({ err }, 'the list of rejected versions could not be saved'),
  )
  const fetched = await fileFetchCache(join(stateFolder, 'fetched'), (err) =>
    logger.warn({ err }, 'what was fetched for policies could not be saved'),
  )
  return {
    trust,
    rejected,
    fetched,
    close: async () => {
      trust?.stop()
      keeper.stop()
      await keeper.idle()
    },
  }
}
