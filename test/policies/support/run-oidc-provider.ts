/**
 * A real OpenID provider as a process of its own: `run-oidc-provider.ts SITE SECRET`. It prints its address as soon as it listens, knows the
 * client `shop`, whose pages are at SITE, and asks everybody for a name.
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

const [site = '', secret = ''] = process.argv.slice(2)
const HOUR_SECONDS = 3_600

let handler: RequestListener = (_request, response) => void response.writeHead(503).end()
const server = createServer((request, response) => handler(request, response))
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://localhost:${(server.address() as AddressInfo).port}`
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
