/** A machine that vanishes: its connections are not closed, nothing comes over them any more. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a port of this machine. */
export interface Cable extends AsyncDisposable {
  readonly port: number
  /** From now on nothing comes over the connections that there are, and neither side hears of it. New ones work. */
  cut(): void
}

/** Lays a cable. */
export async function cableTo(port: number): Promise<Cable> {
  const ends: Socket[] = []
  const relay = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    for (const end of [near, far]) end.on('error', () => {})
    ends.push(near, far)
    near.pipe(far, { end: false })
    far.pipe(near, { end: false })
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  return {
    port: (relay.address() as AddressInfo).port,
    cut: () => {
      for (const end of ends) end.unpipe().pause()
    },
    async [Symbol.asyncDispose]() {
      for (const end of ends) end.destroy()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}
