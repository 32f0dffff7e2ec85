/** A browser without a screen: it keeps cookies as their attributes say, and follows redirects to whoever they name. */
import { send, type TestAnswer } from '../../support/http-client.js'

/** A browser. */
export interface TestBrowser {
  /** Cookies that it would send, by name. */
  readonly cookies: ReadonlyMap<string, string>
  /** The lines of `set-cookie` that it has got, the newest last. */
  readonly lines: readonly string[]
  setCookie(name: string, value: string): void
  /** Asks for a page of the site, and follows redirects unless it is told not to. */
  open(path: string, options?: { readonly headers?: Readonly<Record<string, string>>; readonly follow?: boolean }): Promise<TestAnswer>
}

/** Where names lead. */
export interface Site {
  readonly host: string
  readonly place: { readonly address: string; readonly port: number }
}

const MAX_REDIRECTS = 8

/** A browser that knows one site; every other address is that of a server on this machine. */
export function createBrowser(site: Site): TestBrowser {
  const cookies = new Map<string, string>()
  const lines: string[] = []
  const ask = async (url: URL, headers: Readonly<Record<string, string>>): Promise<TestAnswer> => {
    const isSite = url.hostname === site.host
    const place = isSite ? site.place : { address: url.hostname, port: Number(url.port) }
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await send({
      ...place,
      host: url.host,
      path: `${url.pathname}${url.search}`,
      headers: { ...headers, ...(isSite && cookie !== '' ? { cookie } : {}) },
    })
    if (isSite) for (const line of answer.headers['set-cookie'] ?? []) keep(line)
    return answer
  }
  const keep = (line: string): void => {
    lines.push(line)
    const [pair = '', ...attributes] = line.split(/; */)
    const at = pair.indexOf('=')
    const isGone = attributes.some((attribute) => /^(max-age=0|expires=thu, 01 jan 1970)/i.test(attribute))
    if (isGone) cookies.delete(pair.slice(0, at))
    else cookies.set(pair.slice(0, at), pair.slice(at + 1))
  }
  return {
    cookies,
    lines,
    setCookie: (name, value) => void cookies.set(name, value),
    open: async (path, { headers = {}, follow = true } = {}) => {
      let url = new URL(path, `http://${site.host}`)
      for (let redirects = 0; redirects < MAX_REDIRECTS; redirects++) {
        const answer = await ask(url, headers)
        const { location } = answer.headers
        if (!follow || location === undefined || answer.status < 300 || answer.status > 399) return answer
        url = new URL(location, url)
      }
      throw new Error(`more than ${MAX_REDIRECTS} redirects, the last to ${url.href}`)
    },
  }
}
