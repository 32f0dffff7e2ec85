/** A WebSocket and a gRPC stream that must stay up through whatever changes around them. */
import { Agent } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { expect } from '@jest/globals'
import { WebSocket, WebSocketServer } from 'ws'
import { backend, httpRoute, route, to } from '../../features/manifests.js'
import { eventually } from '../../support/eventually.js'
import { connectGrpc, type GrpcClient, startGrpcBackend } from '../../support/grpc-backend.js'
import type { GatewayPlace } from '../../support/standalone.js'

const STREAM = '/test.Echo/TalkStream'

/** The host of the WebSocket: a certificate for TLS must name it. */
export const SOCKETS_HOST = 'sockets.test'

/** Their backends, and the two of them once they are connected. */
export interface LongLived {
  /** The backends and their routes on the Gateway `gw`. */
  readonly objects: readonly string[]
  /** Opens both, over TLS the WebSocket where an authority is given. */
  connect(grpc: GatewayPlace, webSocket: GatewayPlace & { readonly ca?: string }): Promise<void>
  /** Both have stayed up, and still answer. */
  expectUp(): Promise<void>
  close(): void
}

/** Starts the backends. */
export async function startLongLived(): Promise<LongLived> {
  const grpcBackend = await startGrpcBackend('grpc', [STREAM])
  const sockets = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  sockets.on('connection', (socket) => socket.on('message', (message) => socket.send(`echo ${message}`)))
  await new Promise((resolve) => sockets.once('listening', resolve))
  const heard: unknown[] = []
  const ended: string[] = []
  let client: GrpcClient | undefined
  let talk: ClientDuplexStream<unknown, unknown> | undefined
  let webSocket: WebSocket | undefined
  return {
    objects: [
      backend({ name: 'grpc', port: grpcBackend.port }, ['kubernetes.io/h2c']),
      backend({ name: 'sockets', port: (sockets.address() as AddressInfo).port }),
      route('GRPCRoute', 'talk', `[{${to('grpc')}}]`, 'parentRefs: [{name: gw}]\n  hostnames: [talk.test]'),
      httpRoute('sockets', `[{${to('sockets')}}]`, `parentRefs: [{name: gw}]\n  hostnames: [${SOCKETS_HOST}]`),
    ],
    connect: async (grpc, { address, port, ca }) => {
      client = connectGrpc({ ...grpc, authority: 'talk.test' })
      talk = client.stream(STREAM)
      talk.on('data', (message) => heard.push(message))
      talk.on('error', (error) => ended.push(`gRPC: ${error.message}`))
      const opened = new WebSocket(`${ca === undefined ? 'ws' : 'wss'}://${address}:${port}/`, {
        headers: { host: SOCKETS_HOST },
        ...(ca === undefined ? {} : { agent: new Agent({ servername: SOCKETS_HOST, ca }) }),
      })
      webSocket = opened
      opened.on('message', (message) => heard.push(String(message)))
      opened.on('close', () => ended.push('WebSocket'))
      await new Promise((resolve, reject) => {
        opened.on('open', resolve)
        opened.on('error', reject)
      })
    },
    expectUp: async () => {
      heard.length = 0
      webSocket?.send('hello')
      talk?.write({ hello: 'gRPC' })
      await eventually(() => {
        expect(heard).toContain('echo hello')
        expect(heard).toContainEqual(expect.objectContaining({ backend: 'grpc', message: { hello: 'gRPC' } }))
      })
      expect(ended).toEqual([])
    },
    close: () => {
      webSocket?.terminate()
      talk?.cancel()
      client?.close()
      sockets.close()
      grpcBackend.close()
    },
  }
}
