'use strict'
/**
 * Loaded into the controller by `node --require`: the longest times that its event loop was kept, by the clock and on a processor. Its own metric
 * looks ten times a second, so it misses most turns that are shorter. SIGUSR2 writes what came since the last time, as JSON, to the file that
 * LONGEST_TURN_FILE names: `clockMs`, and `turns` with `ms` on a processor and `atMs` after the start, the longest first.
 */
// No import statements: they would load what the program itself loads faster.
const { renameSync, writeFileSync } = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')

const RESOLUTION_MS = 1
const TURNS = 3
const file = process.env.LONGEST_TURN_FILE
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
delay.enable()

// What other programs take of a processor is in the clock and not in this; what the threads of the garbage collector do is in neither.
let turns = []
let before = onProcessorMs()
setInterval(() => {
  const now = onProcessorMs()
  turns.push({ ms: now - before, atMs: Math.round(performance.now()) })
  if (turns.length > 1_000) turns = longest()
  before = onProcessorMs()
}, RESOLUTION_MS).unref()

process.on('SIGUSR2', () => {
  // A histogram counts what passes between two looks, so without any delay its values are the resolution.
  writeFileSync(`${file}.new`, JSON.stringify({ clockMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS), turns: longest() }))
  delay.reset()
  turns = []
  renameSync(`${file}.new`, file)
})

function longest() {
  return turns.toSorted((one, other) => other.ms - one.ms).slice(0, TURNS)
}

function onProcessorMs() {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
