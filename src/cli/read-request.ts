/** Reads a request as people write it: a URL as for curl, and headers by `-H`. */
import { defaultPort, type Question, SCHEMES, type Scheme } from '../explain/question.js'

/** A URL in its parts. */
export type RequestUrl = Pick<Question, 'scheme' | 'host' | 'port' | 'path'>

/** A URL that nobody can read. The message says what to write. */
export class UnreadableUrlError extends Error {
  override readonly name = 'UnreadableUrlError'
}

const URL_PARTS = /^(?:([a-z]+):\/\/)?(\[[^\]]*\]|[^/:?#\s]+)(?::(\d+))?([/?#]\S*)?$/i

/**
 * The parts of a URL. The path stays as it is written: dots and escapes are the proxy's business. Without a scheme it is http. Throws
 * `UnreadableUrlError`.
 */
export function readUrl(text: string): RequestUrl {
  const [, scheme = 'http', host, port, rest = ''] = URL_PARTS.exec(text) ?? []
  if (host === undefined) throw new UnreadableUrlError('Write a URL such as https://www.example.com/shop?id=1.')
  const known = SCHEMES.find((each): each is Scheme => each === scheme.toLowerCase())
  if (known === undefined) throw new UnreadableUrlError(`There is no scheme ${scheme}: it is one of ${SCHEMES.join(', ')}.`)
  const number = port === undefined ? defaultPort(known) : Number(port)
  if (number === undefined) throw new UnreadableUrlError(`${known} has no port of its own: write ${known}://${host}:PORT.`)
  if (number < 1 || number > 65_535) throw new UnreadableUrlError(`There is no port ${port}.`)
  const withoutFragment = rest.replace(/#.*$/s, '')
  return {
    scheme: known,
    host: host.replace(/^\[(.*)\]$/, '$1'),
    port: number,
    path: withoutFragment.startsWith('/') ? withoutFragment : `/${withoutFragment}`,
  }
}

/** The parts of `Name: value`; undefined for a text that has no colon, or nothing in front of it. */
export function readHeader(text: string): readonly [name: string, value: string] | undefined {
  const at = text.indexOf(':', 1)
  return at < 1 ? undefined : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}
