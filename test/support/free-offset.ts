import { createServer } from 'node:net'

/** An offset of ports at which a Gateway on this machine finds its port 80 free. */
export async function freeOffset(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    // Below the ports that the system hands out by itself, even where a privileged port had to go 10,000 higher.
    const offset = 1_000 + Math.floor(Math.random() * 130) * 100
    if (await isFree(8080 + offset)) return offset
  }
  throw new Error('no free port for the gateways of this test')
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
