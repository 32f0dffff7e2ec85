/**
 * Runs parts that belong together until all have ended. When one fails the others are told to stop, and its error is thrown once they
 * have.
 *
 * @param parts each runs until its signal aborts
 */
export async function runAll(parts: readonly ((signal: AbortSignal) => Promise<void>)[], signal: AbortSignal): Promise<void> {
  const failed = new AbortController()
  const both = AbortSignal.any([signal, failed.signal])
  const running = parts.map(async (part) => {
    try {
      await part(both)
    } catch (error) {
      failed.abort()
      throw error
    }
  })
  const first = (await Promise.allSettled(running)).find((result) => result.status === 'rejected')
  if (first !== undefined) throw first.reason
}
