/** A person logs in with a real browser at a real identity provider, goes on without being asked again, and logs out. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { type Browser, chromium } from 'playwright-core'
import { featureWorld } from '../features/world.js'
import { eventually } from '../support/eventually.js'
import { startProgram } from '../support/program.js'
import { ABOUT_GUARDED_RULE, GUARDED_ROUTE, securityPolicy } from './support/attempts.js'

const SECRET = 'a secret of more than sixteen characters'
const PATIENCE_MS = 60_000
const world = featureWorld(['open', 'secret'])
let browser: Browser
let provider: ChildProcess
let site: string
let issuer: string

beforeAll(async () => {
  const executablePath = process.env.CHROMIUM_BIN
  if (executablePath === undefined) throw new Error('CHROMIUM_BIN names the browser: run `npm run service-test`')
  await world.write(GUARDED_ROUTE)
  site = `http://localhost:${world.headgate.place('default/gw', 80).port}`
  provider = startProgram(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'support', 'run-oidc-provider.ts'), site, SECRET],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    },
  )
  if (provider.stdout === null) throw new Error('the provider has no output')
  const [line] = (await once(provider.stdout, 'data')) as [Buffer]
  issuer = line.toString().trim()
  // Nothing but this machine is looked for: no updates, no field trials.
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ]
  browser = await chromium.launch({ executablePath, args, timeout: PATIENCE_MS })
}, 180_000)

afterAll(async () => {
  await browser?.close()
  provider?.kill()
})

function guard(): readonly string[] {
  // Envoy asks for tokens by address: within the proxy `localhost` may be another family of addresses.
  const tokenEndpoint = `${issuer.replace('localhost', '127.0.0.1')}/token`
  // Where people log in and out is what the provider says about itself.
  const endpoints = `issuer: "${issuer}", tokenEndpoint: "${tokenEndpoint}"`
  const urls = `redirectURL: "${site}/admin/callback", logoutPath: /admin/logout`
  const oidc = `oidc: {provider: {${endpoints}}, clientID: shop, clientSecret: {name: client}, ${urls}, forwardAccessToken: true}`
  const secret = `
apiVersion: v1
kind: Secret
metadata: {name: client}
stringData: {client-secret: ${SECRET}}
`
  return [secret, securityPolicy(`${ABOUT_GUARDED_RULE}, ${oidc}`)]
}

it('logs in, stays logged in, and logs out', async () => {
  await world.write(GUARDED_ROUTE, ...guard())
  await eventually(() => expect(world.conditions('SecurityPolicy/default/p')).toEqual(['Accepted=True/Accepted']))
  const page = await browser.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  await page.goto(`${site}/admin/page?x=1`)
  expect(page.url()).toContain(`${issuer}/interaction/`)
  expect(world.backend('secret').requests).toEqual([])

  await page.fill('input[name=login]', 'ann')
  await page.fill('input[name=password]', 'any')
  await page.click('button[type=submit]')
  // The provider asks whether the client may know who she is.
  await page.click('text=Continue')
  await page.waitForURL(`${site}/admin/page?x=1`)
  expect(await page.textContent('body')).toContain('"backend":"secret"')
  expect(world.backend('secret').requests.at(-1)?.headers.authorization).toMatch(/^Bearer ./)

  await page.goto(`${site}/admin/other`)
  expect(page.url()).toBe(`${site}/admin/other`)
  // Another person's browser knows nothing of her session.
  const stranger = await (await browser.newContext()).newPage()
  await stranger.goto(`${site}/admin/page`)
  expect(stranger.url()).toContain(`${issuer}/interaction/`)

  await page.goto(`${site}/admin/logout`)
  expect(page.url()).toContain(`${issuer}/session/end`)
  await page.click('text=Yes, sign me out')
  await page.waitForURL((url) => !url.href.includes('/session/end'))
  const before = world.backend('secret').requests.length
  await page.goto(`${site}/admin/page`)
  expect(page.url()).toContain(`${issuer}/interaction/`)
  expect(world.backend('secret').requests).toHaveLength(before)
}, 240_000)
