/** The authorization server of test/support as a pod: `auth-server.mjs PORT`. */
import { startAuthServer } from '../../support/auth-server.js'

const [port = '9000'] = process.argv.slice(2)
await startAuthServer('pod', `[::]:${port}`)
console.log(`listening on ${port}`)
process.once('SIGTERM', () => process.exit(0))
