/** The extension server of test/support as a pod: `hook-server.mjs PORT FOLDER`, with its certificate in the folder. It adds a header to all hosts. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ServerCredentials } from '@grpc/grpc-js'
import { startHookServer, withHeader } from '../../support/hook-server.js'

const [port = '9000', folder = '/tls'] = process.argv.slice(2)
const read = (name: string): Buffer => readFileSync(join(folder, name))
const pair = { private_key: read('tls.key'), cert_chain: read('tls.crt') }
const server = await startHookServer(Number(port), ServerCredentials.createSsl(read('ca.crt'), [pair], true), '[::]')
server.behave((asked) => withHeader(asked, 'yes'))
console.log(`listening on ${port}`)
process.once('SIGTERM', () => process.exit(0))
