/** Who may pass by where clients are: what a client says about that is believed without databases, and not with them. */
import { rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { featureWorld } from '../features/world.js'
import { geoDatabase } from '../support/geo-database.js'
import { type Attempt, expectNoneSucceed } from './attempts.js'
import { ABOUT_GUARDED_RULE, GUARDED_ROUTE, pathAttempts, rawRequest, securityPolicy } from './support/attempts.js'

const world = featureWorld(['open', 'secret'])
const database = join(tmpdir(), `headgate-geo-attempts-${process.pid}.mmdb`)
beforeAll(() => writeFile(database, geoDatabase('GeoLite2-City', { country: { iso_code: 'DE' } })))
afterAll(() => rm(database, { force: true }))

/** Clients in France may pass; every client of this test is in Germany. */
const FRENCH = securityPolicy(
  `${ABOUT_GUARDED_RULE}, authorization: {rules: [{action: Allow, principal: {headers: [{name: x-geo-country, values: [FR]}]}}]}`,
)
const located = (country: string): string => `
apiVersion: headgate.dev/v1alpha1
kind: ExtensionPolicy
metadata: {name: geo}
spec: {${ABOUT_GUARDED_RULE}, geoIP: {maxMind: {cityDbPath: ${database}}, headers: {${country}: x-geo-country}}}
`
const HEADER = 'x-geo-country: FR'
const admin = (...headers: readonly string[]): string => rawRequest('GET /admin HTTP/1.1', ...headers)
const ATTEMPTS: readonly Attempt[] = [
  { how: 'the header', bytes: admin(HEADER) },
  { how: 'in capitals', bytes: admin('X-GEO-COUNTRY: FR') },
  { how: 'without a blank', bytes: admin('x-geo-country:FR') },
  { how: 'with blanks', bytes: admin('x-geo-country:   FR   ') },
  { how: 'twice', bytes: admin(HEADER, HEADER) },
  { how: 'an address of France in x-forwarded-for', bytes: admin(HEADER, 'x-forwarded-for: 80.10.0.1') },
  { how: 'an address of France in x-real-ip', bytes: admin(HEADER, 'x-real-ip: 80.10.0.1', 'true-client-ip: 80.10.0.1') },
  { how: 'an address of France in forwarded', bytes: admin(HEADER, 'forwarded: for=80.10.0.1') },
  { how: 'an address of France for Envoy', bytes: admin(HEADER, 'x-envoy-external-address: 80.10.0.1', 'x-envoy-internal: true') },
  { how: 'a language of France', bytes: admin(HEADER, 'accept-language: fr-FR', 'cf-ipcountry: FR') },
  { how: 'the names of other gateways', bytes: admin(HEADER, 'x-country-code: FR', 'x-envoy-geo-country: FR') },
  ...pathAttempts(HEADER),
]

it('no client is where it says', async () => {
  await expectNoneSucceed({ world, secret: 'secret', open: [GUARDED_ROUTE, FRENCH], guard: located('country') }, ATTEMPTS)
  const client = world.headgate.http2('default/gw', 80)
  try {
    expect((await client.send({ host: 'example.com', path: '/admin', headers: { 'x-geo-country': 'FR' } })).status).toBe(403)
  } finally {
    client.close()
  }
}, 120_000)

it(
  'what no database knows is not believed either',
  () => expectNoneSucceed({ world, secret: 'secret', open: [GUARDED_ROUTE, FRENCH], guard: located('region') }, ATTEMPTS.slice(0, 12)),
  120_000,
)
