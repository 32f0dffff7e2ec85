/**
 * A gRPC client with `xds:///` in a process of its own, started by grpc-client.test.ts: the library has no way to end its connection
 * to the control plane, the end of a process does. The first argument is the port of the control plane; for each message it makes a
 * call and answers with the name of the backend, or with the error.
 */
import { Client, credentials } from '@grpc/grpc-js'
import { register } from '@grpc/grpc-js-xds'

const METHOD = '/test.Echo/One'
const passThrough = (bytes: Buffer): Buffer => bytes

process.env.GRPC_XDS_BOOTSTRAP_CONFIG = JSON.stringify({
  xds_servers: [{ server_uri: `127.0.0.1:${process.argv[2]}`, channel_creds: [{ type: 'insecure' }], server_features: ['xds_v3'] }],
  node: { id: 'grpc', cluster: 'test', locality: {} },
})
register()
const client = new Client('xds:///echo', credentials.createInsecure())

// The test was ended.
process.on('disconnect', () => process.exit())

process.on('message', () => {
  client.makeUnaryRequest(METHOD, passThrough, passThrough, Buffer.from('{}'), { deadline: Date.now() + 10_000 }, (error, answer) => {
    process.send?.(error === null ? (JSON.parse(String(answer)) as { backend: string }).backend : `error: ${error.message}`)
  })
})
