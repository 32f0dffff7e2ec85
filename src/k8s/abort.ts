/** Ending work from two sides. */

/** A controller that aborts with its parent, and a way to let go of the parent again. */
export interface LinkedController extends Disposable {
  readonly controller: AbortController
}

/** Resolves with the promise or when the signal aborts, whichever is first. */
export function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve()
      return
    }
    const done = (): void => {
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done, { once: true })
    promise.then(done, done)
  })
}

/** A controller that also aborts when `parent` does. Disposing it removes the listener, so that a long-lived parent does not collect them. */
export function linkedController(parent: AbortSignal): LinkedController {
  const controller = new AbortController()
  const abort = (): void => controller.abort(parent.reason)
  if (parent.aborted) abort()
  else parent.addEventListener('abort', abort, { once: true })
  return { controller, [Symbol.dispose]: () => parent.removeEventListener('abort', abort) }
}
