/** A black hole: nobody accepts, the queue of the kernel is full, and it answers no more, as where a node is gone. */
import { spawn } from 'node:child_process'
import { connect } from 'node:net'

/** A socket that nobody accepts from. */
export interface FullListener {
  readonly port: number
  /** When no further connection is answered. */
  full(): Promise<void>
  close(): Promise<void>
}

const SCRIPT = `import socket,sys
s=socket.socket(); s.bind(("127.0.0.1",0)); s.listen(0); print(s.getsockname()[1],flush=True); sys.stdin.read()`

/** Opens one. */
export async function fullListener(): Promise<FullListener> {
  const python = spawn('python3', ['-c', SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const port = await new Promise<number>((resolve) => python.stdout.once('data', (data: Buffer) => resolve(Number(data.toString()))))
  const sockets = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => {}))
  return {
    port,
    full: () => new Promise((resolve) => setTimeout(resolve, 300)),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      python.stdin.end()
      await new Promise((resolve) => python.once('exit', resolve))
    },
  }
}
