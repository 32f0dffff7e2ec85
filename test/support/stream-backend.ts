/** Real TCP and UDP backends: they say who they are and send back what they get. */
import { createSocket } from 'node:dgram'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A running TCP or UDP backend. */
export interface StreamBackend {
  readonly name: string
  readonly port: number
  close(): Promise<void>
}

/** Answers every chunk with `<name>: <chunk>`. */
export async function startTcpBackend(name: string): Promise<StreamBackend> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.on('data', (data) => socket.write(`${name}: ${data.toString()}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name,
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Answers every datagram with `<name>: <datagram>`. */
export async function startUdpBackend(name: string): Promise<StreamBackend> {
  const socket = createSocket('udp4')
  socket.on('message', (data, from) => socket.send(`${name}: ${data.toString()}`, from.port, from.address))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  return { name, port: socket.address().port, close: () => new Promise((resolve) => socket.close(() => resolve())) }
}

/** Sends one line over TCP and resolves with the first answer; rejects when the connection ends without one. */
export function askTcp(to: { readonly address: string; readonly port: number }, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(to.port, to.address, () => socket.write(line))
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer within 5 s')))
    socket.on('data', (data) => {
      resolve(data.toString())
      socket.destroy()
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('connection closed without an answer')))
  })
}

/** Sends one line over TCP and resolves with the connection when an answer has come; rejects when it ends without one. */
export function holdTcp(to: { readonly address: string; readonly port: number }, line: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(to.port, to.address, () => socket.write(line))
    socket.on('data', () => resolve(socket))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('connection closed without an answer')))
  })
}

/** Sends one datagram and resolves with the answer, or with undefined when none comes in time. */
export function askUdp(to: { readonly address: string; readonly port: number }, text: string, withinMs = 500): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const done = (answer: string | undefined) => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => done(undefined), withinMs)
    socket.on('message', (data) => done(data.toString()))
    socket.on('error', () => done(undefined))
    socket.send(text, to.port, to.address)
  })
}
