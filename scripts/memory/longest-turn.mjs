/**
 * Loaded into the controller by `node --import`: the longest time that its event loop was kept from a timer of a millisecond. Its own metric looks ten
 * times a second, so it misses most turns that are shorter. SIGUSR2 writes the milliseconds since the last time to the file that
 * LONGEST_TURN_FILE names.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION_MS = 1
const file = process.env.LONGEST_TURN_FILE
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()
process.on('SIGUSR2', () => {
  // A histogram counts what passes between two looks, so without any delay its values are the resolution.
  writeFileSync(`${file}.new`, String(Math.max(0, delay.max / 1e6 - RESOLUTION_MS)))
  delay.reset()
  renameSync(`${file}.new`, file)
})
