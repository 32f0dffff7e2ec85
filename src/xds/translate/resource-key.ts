import { type ResourceReference, TYPE_URL, type TypeUrl } from '../resource.js'

const TYPE_URLS: readonly TypeUrl[] = Object.values(TYPE_URL)

/** The key of a resource of one group: `<group>|<type URL>|<name>`. Neither groups nor type URLs hold a bar. */
export function resourceKey(group: string, { typeUrl, name }: ResourceReference): string {
  return `${group}|${typeUrl}|${name}`
}

/** The parts of a `resourceKey`; undefined for other text. */
export function parseResourceKey(key: string): { readonly group: string; readonly reference: ResourceReference } | undefined {
  const first = key.indexOf('|')
  const second = key.indexOf('|', first + 1)
  const text = key.slice(first + 1, second)
  const typeUrl = TYPE_URLS.find((known) => known === text)
  return typeUrl === undefined ? undefined : { group: key.slice(0, first), reference: { typeUrl, name: key.slice(second + 1) } }
}
