/**
 * Addresses that Envoys cannot bind on their machine: with `hostNetwork` another program of the node may have the port, or the node does not let
 * them have it. That is no fault of an object, and passes: the version that an Envoy refused for it is tried again after a while, also by
 * those who come later.
 */
import type { Clock } from '../../k8s/clock.js'
import { cannotBind } from '../../xds/address-in-use.js'
import type { RejectedVersion, RejectedVersions } from '../../xds/rejected-versions.js'
import type { Pipeline } from '../pipeline.js'

/** What it works with. */
export interface BindRetryOptions {
  readonly clock: Clock
  readonly rejected: RejectedVersions
  readonly pipeline: Pick<Pipeline, 'forgotten' | 'taken'>
}

/** After so long an address is tried again. */
const RETRY_MS = 60_000

/** How often it is looked at: whoever refuses again has said so by the next time. */
const LOOK_MS = 10_000

/** Tries addresses again until the signal aborts. Never rejects. */
export async function retryBinds({ clock, rejected, pipeline }: BindRetryOptions, signal: AbortSignal): Promise<void> {
  let tried: readonly RejectedVersion[] = []
  while (!signal.aborted) {
    await clock.sleep(LOOK_MS, signal)
    if (signal.aborted) return
    const until = clock.wallTime().getTime() - RETRY_MS
    const taken = tried.filter((each) => rejected.get(each, each.version, each.by) === undefined)
    if (taken.length > 0) pipeline.taken(taken)
    tried = rejected.forget((version) => cannotBind(version) && Date.parse(version.at) <= until)
    if (tried.length > 0) pipeline.forgotten(tried)
  }
}
