import { Enum } from '../../gen/envoy/enums.js'
import type { envoy } from '../../gen/envoy/types.js'
import { isFraming } from '../../ir/framing-headers.js'
import type { HeaderChanges, HeaderValue } from '../../ir/headers.js'
import { literally } from '../../util/literally.js'

type HeaderValueOption = envoy.config.core.v3.HeaderValueOption

/** The four fields that routes and weighted clusters share. */
export interface HeaderMutations {
  readonly requestHeadersToAdd?: readonly HeaderValueOption[]
  readonly requestHeadersToRemove?: readonly string[]
  readonly responseHeadersToAdd?: readonly HeaderValueOption[]
  readonly responseHeadersToRemove?: readonly string[]
}

const NO_MUTATIONS: HeaderMutations = {}

const { OVERWRITE_IF_EXISTS_OR_ADD, APPEND_IF_EXISTS_OR_ADD } = Enum['envoy.config.core.v3.HeaderValueOption.HeaderAppendAction']

/**
 * Header changes as Envoy has them: it removes first and then sets and adds. The host is no header to Envoy, which refuses a whole
 * configuration that changes it here: see `hostOf`.
 */
export function headerMutations(request: HeaderChanges, response: HeaderChanges): HeaderMutations {
  if (isUnchanged(request) && isUnchanged(response)) return NO_MUTATIONS
  const requestHeadersToAdd = additions(request)
  const requestHeadersToRemove = request.remove.filter((name) => !isRefused(name))
  const responseHeadersToAdd = additions(response)
  const responseHeadersToRemove = response.remove.filter((name) => !isRefused(name))
  return {
    ...(requestHeadersToAdd.length === 0 ? {} : { requestHeadersToAdd }),
    ...(requestHeadersToRemove.length === 0 ? {} : { requestHeadersToRemove }),
    ...(responseHeadersToAdd.length === 0 ? {} : { responseHeadersToAdd }),
    ...(responseHeadersToRemove.length === 0 ? {} : { responseHeadersToRemove }),
  }
}

/** The host that a set of header changes asks for, which is a host rewrite. */
export function hostOf(request: HeaderChanges): string | undefined {
  return request.set.find(({ name }) => name === 'host')?.value
}

/** The changes that have the effect of `first` and then `second`. */
export function composeHeaderChanges(first: HeaderChanges, second: HeaderChanges): HeaderChanges {
  if (isUnchanged(second)) return first
  const replaced = new Set([...second.remove, ...second.set.map(({ name }) => name)])
  const survives = ({ name }: HeaderValue): boolean => !replaced.has(name)
  return {
    remove: [...new Set([...first.remove, ...second.remove])],
    set: [...first.set.filter(survives), ...second.set],
    add: [...first.add.filter(survives), ...second.add],
  }
}

/** True if nothing changes. */
export function isUnchanged({ set, add, remove }: HeaderChanges): boolean {
  return set.length === 0 && add.length === 0 && remove.length === 0
}

/** Adds one header to responses. */
export function responseHeader(name: string, value: string): HeaderValueOption {
  return option({ name, value }, OVERWRITE_IF_EXISTS_OR_ADD)
}

function additions({ set, add }: HeaderChanges): readonly HeaderValueOption[] {
  if (set.length + add.length === 0) return []
  return [
    ...set.filter(({ name }) => isWritable(name)).map((header) => option(header, OVERWRITE_IF_EXISTS_OR_ADD)),
    ...add.filter(({ name }) => isWritable(name)).map((header) => option(header, APPEND_IF_EXISTS_OR_ADD)),
  ]
}

function option({ name, value }: HeaderValue, appendAction: NonNullable<HeaderValueOption['appendAction']>): HeaderValueOption {
  // Envoy expands `%…%`; a value of ours is literal.
  return { header: { key: name, value: literally(value) }, appendAction, keepEmptyValue: true }
}

function isWritable(name: string): boolean {
  return !isRefused(name) && !isFraming(name)
}

function isRefused(name: string): boolean {
  return name === 'host' || name.startsWith(':')
}
