/**
 * How long a test waits for what takes `quietMs` on a quiet machine. It tells a hang, or work that grows with the wrong thing, from a busy
 * machine; how long things really take is for benchmarks to say.
 */
export function patience(quietMs: number): number {
  return quietMs * 10
}
