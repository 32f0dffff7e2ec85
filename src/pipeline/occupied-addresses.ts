/**
 * Addresses of nodes that other programs have, which Envoys with `hostNetwork` cannot bind. That is no fault of an object, and passes: the
 * version that an Envoy refused for it is tried again after a while, also by those who come later.
 */
import type { Clock } from '../k8s/clock.js'
import { addressInUse } from '../xds/address-in-use.js'
import type { RejectedVersions } from '../xds/rejected-versions.js'
import type { Pipeline } from './pipeline.js'

/** What it works with. */
export interface OccupiedAddressOptions {
  readonly clock: Clock
  readonly rejected: RejectedVersions
  readonly pipeline: Pick<Pipeline, 'forgotten'>
}

/** After so long an address is tried again. */
const RETRY_MS = 60_000

/** How often it is looked at. */
const LOOK_MS = 10_000

/** Tries addresses again until the signal aborts. Never rejects. */
export async function retryOccupied({ clock, rejected, pipeline }: OccupiedAddressOptions, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return
    const until = clock.wallTime().getTime() - RETRY_MS
    const passed = rejected.forget((version) => addressInUse(version) !== undefined && Date.parse(version.at) <= until)
    if (passed.length > 0) pipeline.forgotten(passed)
  }
}
