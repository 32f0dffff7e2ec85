/**
 * Templates of bodies: a few of the words of Envoy's access logs, because a proxy refuses everything that comes with one that it does not
 * know, and some would tell clients what is none of their business.
 */

const PLAIN = ['PROTOCOL', 'START_TIME', 'STREAM_ID', 'ROUTE_NAME', 'DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT']

/** A name of a header, an alternative behind `?`, and the most characters behind `:`. */
const HEADER_WORD = /^REQ\(:?[A-Za-z0-9!#$&'*+\-.^_`|~]+(\?:?[A-Za-z0-9!#$&'*+\-.^_`|~]+)?\)(:[1-9][0-9]{0,3})?$/

/** Why a template cannot be used; undefined for one that can. */
export function templateProblem(template: string): string | undefined {
  const rest = template.replaceAll('%%', '')
  for (const [whole, word] of rest.matchAll(/%([^%]*)(?:%|$)/g)) {
    if (word === undefined || !whole.endsWith('%') || whole.length < 2) return 'a percent sign is open: write %% for the sign itself.'
    if (!PLAIN.includes(word) && !HEADER_WORD.test(word))
      return `"%${word}%" is no word of templates; they know %REQ(name)%, %${PLAIN.join('%, %')}%.`
  }
  return undefined
}
