/** Waiting in tests for what happens over real sockets. */

/** Resolves as soon as the check holds; rejects with the check's last failure after the time is up. */
export async function eventually(check: () => void | Promise<void>, withinMs = 20_000): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
