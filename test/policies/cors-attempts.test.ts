/** What pages of other sites may read: each origin below is believed where every origin is, and none where only good ones are. */
import { expect, it } from '@jest/globals'
import { httpRoute, to, under } from '../features/manifests.js'
import { featureWorld } from '../features/world.js'
import { sendRaw } from './raw-http.js'
import { rawRequest, securityPolicy } from './support/attempts.js'

const world = featureWorld(['open', 'secret'])
const ROUTE = httpRoute('r', `[${under('/admin', to('secret'))}, {${to('open')}}]`)
const ABOUT_ROUTE = 'targetRefs: [{group: gateway.networking.k8s.io, kind: HTTPRoute, name: r}]'
const allows = (origins: string): string =>
  securityPolicy(`${ABOUT_ROUTE}, cors: {allowOrigins: [${origins}], allowMethods: [GET, PUT], allowCredentials: true}`)

/** Good are `https://shop.example.com` and everything below `example.org`. */
const GOOD = '"https://shop.example.com", "https://*.example.org"'

const ORIGINS: Readonly<Record<string, string>> = {
  'no page at all': 'null',
  'another site': 'https://evil.example',
  'the name in front of another': 'https://shop.example.com.evil.net',
  'a name that ends alike': 'https://evilshop.example.com',
  'a name below': 'https://x.shop.example.com',
  'a name above': 'https://example.com',
  'no encryption': 'http://shop.example.com',
  'another port': 'https://shop.example.com:8443',
  'a user that looks like it': 'https://shop.example.com@evil.example',
  'a path that looks like it': 'https://evil.example/https://shop.example.com',
  'a query that looks like it': 'https://evil.example?https://shop.example.com',
  'a fragment that looks like it': 'https://evil.example#.example.org',
  'a dot that is another letter': 'https://shopxexample.com',
  'the wildcard itself': 'https://*.example.org.evil.net',
  'the wildcard without a name': 'https://example.org',
  'a name that ends like the wildcard': 'https://evilexample.org',
  'a line break written out': 'https://evil.example%0d%0a.example.org',
  'another scheme': 'file://shop.example.com',
}

type Believed = readonly (readonly [string, boolean])[]

/** Whether a page of each origin may read an answer, or is told that it may ask: without `access-control-allow-origin` no browser lets it. */
async function believed(): Promise<Believed> {
  const place = world.headgate.place('default/gw', 80)
  return Promise.all(
    Object.entries(ORIGINS).map(async ([how, origin]) => {
      const answers = await Promise.all([
        sendRaw(place, rawRequest('GET /admin HTTP/1.1', `origin: ${origin}`)),
        sendRaw(place, rawRequest('GET //admin HTTP/1.1', `Origin: ${origin}`)),
        sendRaw(place, rawRequest('OPTIONS /admin HTTP/1.1', `origin: ${origin}`, 'access-control-request-method: PUT')),
      ])
      return [how, answers.some(({ text }) => /\r\naccess-control-allow-origin/i.test(text))] as const
    }),
  )
}

it('no origin is taken for another one', async () => {
  const all = (isBelieved: boolean): Believed => Object.keys(ORIGINS).map((how) => [how, isBelieved])
  await world.write(ROUTE, allows('"*"'))
  expect(await believed()).toEqual(all(true))
  await world.write(ROUTE, allows(GOOD))
  expect(await believed()).toEqual(all(false))
  for (const origin of ['https://shop.example.com', 'https://a.b.example.org']) {
    const { headers } = await world.ask({ path: '/admin', headers: { origin } })
    expect([origin, headers['access-control-allow-origin']]).toEqual([origin, origin])
  }
}, 60_000)

it('a good origin beside another one is none', async () => {
  await world.write(ROUTE, allows(GOOD))
  for (const lines of [
    ['origin: https://evil.example', 'origin: https://shop.example.com'],
    ['origin: https://shop.example.com', 'origin: https://evil.example'],
    ['origin: https://shop.example.com, https://evil.example'],
    ['origin: https://evil.example https://shop.example.com'],
  ]) {
    const { text } = await sendRaw(world.headgate.place('default/gw', 80), rawRequest('GET /admin HTTP/1.1', ...lines))
    expect([lines, /access-control-allow-origin/i.test(text)]).toEqual([lines, false])
  }
}, 60_000)
