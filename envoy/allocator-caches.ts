/**
 * Where Envoy's allocator (TCMalloc) keeps freed memory for the next request: with the thread, or with the processor, which takes less time.
 *
 * With the processor it is where a thread can tell Linux which steps must not be interrupted (`rseq`). There is one such place for a thread, the C
 * library of Envoy's image takes it first, and TCMalloc falls back to threads without a word. A variable keeps the library from it.
 *
 * Source: TCMalloc, "Restartable Sequences" and issue 144; GNU C Library, "Tunables".
 */

/** The variable of Envoy's process, and what in it leaves the place to TCMalloc. */
const TUNABLES = 'GLIBC_TUNABLES'
const LEAVE_RSEQ = 'glibc.pthread.rseq=0'

/** For an Envoy that shall keep memory with processors. */
export const PER_CPU_CACHES: { readonly name: string; readonly value: string } = { name: TUNABLES, value: LEAVE_RSEQ }

/**
 * TCMalloc leans on what Linux did and never promised. Since 6.19 Linux does not, until a fix of May 2026 that the number of a version does not show: there the
 * same memory is given out twice. Source: TCMalloc, issue 292.
 */
const FIRST_WITHOUT = { major: 6, minor: 19 }

/**
 * The variables of an Envoy on this machine, which keeps memory with processors where its Linux is known to do that right. Whoever has said
 * something about `rseq` is not overruled.
 *
 * @param release of Linux, as `uname -r` has it
 * @param environment the variables that there are
 */
export function withAllocatorCaches(platform: string, release: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const set = environment[TUNABLES] ?? ''
  if (platform !== 'linux' || !isBefore(release, FIRST_WITHOUT) || set.includes('glibc.pthread.rseq')) return environment
  return { ...environment, [TUNABLES]: set === '' ? LEAVE_RSEQ : `${set}:${LEAVE_RSEQ}` }
}

function isBefore(release: string, version: typeof FIRST_WITHOUT): boolean {
  const [, major, minor] = (/^(\d+)\.(\d+)/.exec(release) ?? []).map(Number)
  if (major === undefined || minor === undefined) return false
  return major < version.major || (major === version.major && minor < version.minor)
}
