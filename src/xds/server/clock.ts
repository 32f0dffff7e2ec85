/** Time as the server needs it: given from outside, so that tests decide what time it is. */

/** A clock and its alarms. */
export interface ServerClock {
  /** Milliseconds since the epoch as it was when the program started; never goes back, and does not see that somebody sets the machine's clock. */
  now(): number
  /** The time of day as others have it, too: it jumps when somebody sets the clock, or when the machine has slept. */
  wallTime(): Date
  /** Calls back once after so many milliseconds, unless the returned function is called before. */
  after(milliseconds: number, callback: () => void): () => void
}

/** The clock of this machine. An alarm does not keep the process alive. */
export const serverClock: ServerClock = {
  now: () => performance.timeOrigin + performance.now(),
  wallTime: () => new Date(),
  after(milliseconds, callback) {
    const timer = setTimeout(callback, milliseconds)
    timer.unref()
    return () => clearTimeout(timer)
  },
}
