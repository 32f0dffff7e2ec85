/** A program: the servers of the controller listen where they do by default, on all addresses. Prints a line when they do, and ends. */
import { startHttpServer } from '../../src/admin/http-server.js'
import { socketAddress } from '../../src/config/option-values.js'
import { AdsServer } from '../../src/xds/server/ads-server.js'
import { byCertificate } from '../../src/xds/server/client-identity.js'
import { createAuthority, issueCertificate } from '../../src/xds/server/tls/certificates.js'
import { TlsServerCredentials } from '../../src/xds/server/tls/tls-credentials.js'
import { SnapshotCache } from '../../src/xds/snapshot-cache.js'

const HOUR_MS = 3_600_000
const address = socketAddress(':0')
const authority = createAuthority('test', new Date(), HOUR_MS)
const server = issueCertificate(
  authority,
  { commonName: 'server', dnsNames: ['localhost'], usage: 'server', lifetimeMs: HOUR_MS },
  new Date(),
)
const credentials = new TlsServerCredentials({ server, authorities: [authority.certificate] })

const health = await startHttpServer({
  what: 'the health server',
  ...address,
  flag: '--health-address',
  routes: new Map([['/healthz', () => ({ body: 'ok' })]]),
  onError: (error) => console.error(error),
})
const xds = new AdsServer({ cache: new SnapshotCache(), authenticator: byCertificate, credentials })
const xdsPort = await xds.listen(address.host, address.port)
const answer = await fetch(`http://127.0.0.1:${health.port}/healthz`)
console.log(`healthz says ${await answer.text()}, xDS ${xdsPort > 0 ? 'listens' : 'does not listen'}`)
await health.stop()
await xds.close()
