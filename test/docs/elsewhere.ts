/** Stands for the servers that pages name: a web server and a registry with modules, and an identity provider. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { aboutOf } from '../policies/support/identity-provider.js'
import { startRegistry } from '../support/registry-server.js'
import { startWebServer } from '../support/web-server.js'

/** Running servers. */
export interface Elsewhere {
  /** The text with the addresses of these servers. */
  standFor(text: string): string
  close(): Promise<void>
}

const MODULE_LAYER = 'application/vnd.module.wasm.content.layer.v1+wasm'
const PROVIDER = '/.well-known/openid-configuration'

/** Starts them. The module is that of the page about extensions. */
export async function startElsewhere(): Promise<Elsewhere> {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'tasks', 'extensions.md'), 'utf8')
  const module = Buffer.from(/wasm: (AGFz\S+)/.exec(page)?.[1] ?? '', 'base64')
  const web = await startWebServer(({ path }) => ({ status: 200, body: path === PROVIDER ? aboutOf(`http://${web.host}`) : module }))
  const registry = await startRegistry({ auth: { kind: 'token', username: 'shop', password: 'what the registry gave' } })
  registry.push('shop/filter', 'v3', [{ mediaType: MODULE_LAYER, content: module }])
  return {
    standFor: (text) =>
      text
        .replaceAll('https://modules.example.com', `http://${web.host}`)
        .replaceAll('issuer: https://id.example.com', `issuer: "http://${web.host}"`)
        .replaceAll('registry.example.com', registry.host),
    close: async () => {
      await Promise.all([web.close(), registry.close()])
    },
  }
}
