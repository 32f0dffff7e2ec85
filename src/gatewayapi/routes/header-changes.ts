/** Changes to headers that filters ask for. */

import type { HTTPHeader, HTTPHeaderFilter } from '../../gen/kinds.js'
import { isFraming } from '../../ir/framing-headers.js'
import { type HeaderChanges, type HeaderValue, NO_HEADER_CHANGES } from '../../ir/headers.js'
import { exactly } from '../../util/exactly.js'

/** RFC 9110 §5.1, in lower case. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+\-.^_`|~]+$/

/** The changes of one filter: of headers with equal names the first counts. */
export function headerChanges(filter: HTTPHeaderFilter | undefined): HeaderChanges {
  if (filter === undefined) return NO_HEADER_CHANGES
  // The schema lets any text be removed; what is no name of a header is in no request, and Envoy would refuse it.
  const remove = (filter.remove ?? []).map((name) => name.toLowerCase()).filter((name) => HEADER_NAME.test(name))
  return { set: headerValues(filter.set ?? []), add: headerValues(filter.add ?? []), remove: exactly([...new Set(remove)]) }
}

/** True if they ask for what cannot be done with the host: a request has exactly one. */
export function addsOrRemovesHost({ add, remove }: HeaderChanges): boolean {
  return remove.includes('host') || add.some(({ name }) => name === 'host')
}

/** A header that they ask for and that nobody's configuration may write; undefined: none. */
export function framingHeader({ set, add }: HeaderChanges): string | undefined {
  return [...set, ...add].find(({ name }) => isFraming(name))?.name
}

/** The changes of two filters, one after the other. */
export function mergeHeaderChanges(first: HeaderChanges, second: HeaderChanges): HeaderChanges {
  if (second === NO_HEADER_CHANGES) return first
  if (first === NO_HEADER_CHANGES) return second
  const touched = new Set([...second.set.map((each) => each.name), ...second.remove])
  // What the second filter sets or removes decides alone; what it adds joins what is there.
  const kept = (values: readonly HeaderValue[]): readonly HeaderValue[] => values.filter((each) => !touched.has(each.name))
  return {
    set: [...kept(first.set), ...second.set],
    add: [...kept(first.add), ...second.add],
    remove: [...first.remove.filter((name) => !touched.has(name)), ...second.remove],
  }
}

function headerValues(headers: readonly HTTPHeader[]): readonly HeaderValue[] {
  if (headers.length === 0) return exactly([])
  const byName = new Map<string, HeaderValue>()
  for (const { name, value } of headers) {
    const normal = name.toLowerCase()
    if (!byName.has(normal)) byName.set(normal, { name: normal, value })
  }
  return exactly([...byName.values()])
}
