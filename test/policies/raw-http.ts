/** Requests byte by byte: what a client of good manners would not send. */
import { connect } from 'node:net'

/** What came back; `status` is 0 where nothing that looks like an answer did. */
export interface RawAnswer {
  readonly status: number
  readonly text: string
}

/** Sends bytes over a connection of their own and reads until it ends or is silent for a while. */
export function sendRaw({ address, port }: { readonly address: string; readonly port: number }, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port })
    let text = ''
    const end = (): void => {
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1] ?? 0), text })
    }
    socket.setTimeout(2_000, end)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (isWhole(text)) end()
    })
    socket.on('error', end)
    socket.on('close', end)
    socket.write(bytes, 'latin1')
  })
}

/** True when head and body are there, as far as a length says. */
function isWhole(text: string): boolean {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  if (rest.length === 0) return false
  const length = /\r\ncontent-length: ([0-9]+)/i.exec(head)?.[1]
  return length === undefined ? /\r\n0\r\n/.test(text) : rest.join('\r\n\r\n').length >= Number(length)
}
