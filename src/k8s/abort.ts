/** Ending work from two sides. */

/** A controller that aborts with its parent, and a way to let go of the parent again. */
export interface LinkedController extends Disposable {
  readonly controller: AbortController
}

/** Resolves when the work is done, or when the signal aborts before. */
export async function doneOrAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  using link = linkedController(signal)
  const aborted = new Promise((resolve) => link.controller.signal.addEventListener('abort', resolve, { once: true }))
  if (!signal.aborted) await Promise.race([work, aborted])
}

/** A controller that also aborts when `parent` does. Disposing it removes the listener, so that a long-lived parent does not collect them. */
export function linkedController(parent: AbortSignal): LinkedController {
  const controller = new AbortController()
  const abort = (): void => controller.abort(parent.reason)
  if (parent.aborted) abort()
  else parent.addEventListener('abort', abort, { once: true })
  return { controller, [Symbol.dispose]: () => parent.removeEventListener('abort', abort) }
}
