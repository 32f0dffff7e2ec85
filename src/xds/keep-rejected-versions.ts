/** Loads the list of rejected versions at start and saves it whenever it grows. */
import { cannotBind } from './address-in-use.js'
import type { RejectedVersion, RejectedVersionStore, RejectedVersions } from './rejected-versions.js'

/** Saves that are under way. */
export interface Keeper {
  /** Resolves when everything known now is saved, or could not be saved. */
  idle(): Promise<void>
  /** No further saves. */
  stop(): void
}

/**
 * Fills the list from the store, then follows it. While a save is under way further entries gather for the next one. Rejects when the
 * store cannot be read: to start without the list would send again what proxies are known to reject. What was rejected because an address could
 * not be bound is not kept: the machine may have changed.
 *
 * @param onError a save failed; the next one writes everything again
 */
export async function keepRejectedVersions(
  rejected: RejectedVersions,
  store: RejectedVersionStore,
  onError: (error: unknown) => void,
): Promise<Keeper> {
  for (const version of (await store.load()).filter(isLasting)) rejected.add(version)
  let isDirty = false
  let saving: Promise<void> | undefined
  const save = async (): Promise<void> => {
    while (isDirty) {
      isDirty = false
      try {
        await store.save(rejected.list().filter(isLasting))
      } catch (error) {
        onError(error)
      }
    }
    saving = undefined
  }
  const stop = rejected.onAdded(() => {
    isDirty = true
    saving ??= save()
  })
  return { stop, idle: () => saving ?? Promise.resolve() }
}

function isLasting(version: RejectedVersion): boolean {
  return !cannotBind(version)
}
