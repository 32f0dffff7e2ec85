/** A browser without a screen that goes to any host: it keeps cookies as their attributes say, follows redirects, and fills in forms. */
import { type IncomingHttpHeaders, request as requestPlain } from 'node:http'
import { request as requestSecure } from 'node:https'

/** What a browser shows. */
export interface Page {
  readonly url: URL
  readonly status: number
  readonly body: string
  /** What was asked for on the way here, the first first. */
  readonly way: readonly URL[]
}

/** A browser. */
export interface ScriptedBrowser {
  /** Names of the cookies that it would send with this question. */
  cookies(url: string): readonly string[]
  open(url: string): Promise<Page>
  /** Sends the first form of a page, with what its hidden fields say and these values. */
  submit(page: Page, values?: Readonly<Record<string, string>>): Promise<Page>
}

interface Cookie {
  readonly host: string
  readonly path: string
  readonly name: string
  readonly value: string
  readonly isSecure: boolean
}

interface Question {
  readonly url: URL
  /** Undefined: GET. */
  readonly form?: string
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

const MAX_REDIRECTS = 12
const TIMEOUT_MS = 15_000

/**
 * A new browser without cookies. It believes every certificate, and each question goes over a connection of its own.
 *
 * @param place where the host and port of an address are
 */
export function createScriptedBrowser(
  place: (host: string, port: number) => { readonly address: string; readonly port: number },
): ScriptedBrowser {
  let jar: readonly Cookie[] = []
  const fitting = (url: URL): readonly Cookie[] =>
    jar.filter(
      ({ host, path, isSecure }) =>
        host === url.hostname &&
        (url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`)) &&
        (!isSecure || url.protocol === 'https:'),
    )
  const keep = (url: URL, line: string): void => {
    const [pair = '', ...attributes] = line.split(/; */)
    const at = pair.indexOf('=')
    const attribute = (name: string): string | undefined =>
      attributes.find((each) => each.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1)
    const path = attribute('path') ?? '/'
    const expires = attribute('expires')
    const isGone = attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now())
    const isSecure = attributes.some((each) => each.toLowerCase() === 'secure')
    const cookie = { host: url.hostname, path, name: pair.slice(0, at), value: pair.slice(at + 1), isSecure }
    const others = jar.filter((each) => each.host !== cookie.host || each.path !== path || each.name !== cookie.name)
    jar = isGone ? others : [...others, cookie]
  }
  const ask = async (first: Question): Promise<Page> => {
    let question = first
    const way: URL[] = []
    while (way.length < MAX_REDIRECTS) {
      const { url } = question
      way.push(url)
      const cookie = fitting(url)
        .map(({ name, value }) => `${name}=${value}`)
        .join('; ')
      const answer = await send(question, place(url.hostname, portOf(url)), cookie)
      for (const line of answer.headers['set-cookie'] ?? []) keep(url, line)
      const { location } = answer.headers
      if (location === undefined || answer.status < 300 || answer.status > 399) {
        return { url, status: answer.status, body: answer.body, way }
      }
      question = { url: new URL(location, url) }
    }
    throw new Error(`more than ${MAX_REDIRECTS} redirects:\n${way.join('\n')}`)
  }
  return {
    cookies: (url) => fitting(new URL(url)).map(({ name }) => name),
    open: (url) => ask({ url: new URL(url) }),
    submit: (page, values = {}) => {
      const [form = '', action] = /<form[^>]*action="([^"]*)"[\s\S]*?<\/form>/.exec(page.body) ?? []
      if (action === undefined) throw new Error(`there is no form on ${page.url}:\n${page.body}`)
      const hidden = [...form.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]): [string, string] => [
        /name="([^"]*)"/.exec(input)?.[1] ?? '',
        /value="([^"]*)"/.exec(input)?.[1] ?? '',
      ])
      return ask({ url: new URL(action, page.url), form: new URLSearchParams({ ...Object.fromEntries(hidden), ...values }).toString() })
    },
  }
}

function portOf(url: URL): number {
  return url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
}

function send({ url, form }: Question, place: { readonly address: string; readonly port: number }, cookie: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      agent: false as const,
      host: place.address,
      port: place.port,
      path: `${url.pathname}${url.search}`,
      method: form === undefined ? 'GET' : 'POST',
      timeout: TIMEOUT_MS,
      headers: {
        host: url.host,
        accept: 'text/html',
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(form) }),
      },
    }
    const secure = { ...options, servername: url.hostname, rejectUnauthorized: false }
    const sent = url.protocol === 'https:' ? requestSecure(secure) : requestPlain(options)
    sent.on('response', (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      )
      response.on('error', reject)
    })
    sent.on('timeout', () => sent.destroy(new Error(`no answer of ${url} within ${TIMEOUT_MS} ms`)))
    sent.on('error', reject)
    sent.end(form)
  })
}
