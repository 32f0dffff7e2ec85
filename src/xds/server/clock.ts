/** Time as the server needs it: given from outside, so that tests decide what time it is. */

/** A clock and its alarms. */
export interface ServerClock {
  /** Milliseconds since the epoch; never goes back. */
  now(): number
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The clock of this machine. An alarm does not keep the process alive. */
export const systemClock: ServerClock = {
  now: () => performance.timeOrigin + performance.now(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
