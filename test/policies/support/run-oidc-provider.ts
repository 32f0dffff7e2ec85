/**
 * A real OpenID provider as a process of its own: `run-oidc-provider.ts SITE SECRET [ISSUER]`. It prints its address as soon as it listens, knows
 * the client `shop`, whose pages are at SITE, and asks everybody for a name. With ISSUER, the address by which others know it, it listens on its
 * port for everybody who can reach this machine; without, on a free port for this machine alone.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

const [site = '', secret = '', known] = process.argv.slice(2)
const HOUR_SECONDS = 3_600

let handler: RequestListener = (_request, response) => void response.writeHead(503).end()
const server = createServer((request, response) => handler(request, response))
const place = known === undefined ? { host: '127.0.0.1', port: 0 } : { port: Number(new URL(known).port) }
server.listen(place, () => {
  const issuer = known ?? `http://localhost:${(server.address() as AddressInfo).port}`
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'shop',
        client_secret: secret,
        redirect_uris: [`${site}/admin/callback`],
        post_logout_redirect_uris: [`${site}/`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
    ],
    cookies: { keys: ['a key of this test'] },
    pkce: { required: () => true },
    ttl: Object.fromEntries(
      ['AccessToken', 'IdToken', 'Session', 'Grant', 'Interaction', 'RefreshToken'].map((name) => [name, HOUR_SECONDS]),
    ),
  })
  handler = provider.callback()
  console.log(issuer)
})
process.once('SIGTERM', () => process.exit(0))
