/** Whether what an extension server answered can be used at all. Envoy decides about the rest. */

import { errorText } from '../../../util/error-text.js'
import { decode } from '../../message.js'
import { TYPE_URL } from '../../resource.js'
import type { HookedKind, HookQuestion } from './hook.js'

/** The type URL of what is asked about and answered. */
export const HOOKED_TYPE_URL: Readonly<Record<HookedKind, string>> = {
  VirtualHost: TYPE_URL.virtualHost,
  Cluster: TYPE_URL.cluster,
  Listener: TYPE_URL.listener,
}

/** What makes a message larger by more is refused: Envoy would take it, and every proxy would pay for a mistake. */
const MAX_ADDED_BYTES = 4 * 1024 * 1024

/** What is wrong with an answer; undefined if it can be sent. */
export function checkAnswer(question: Pick<HookQuestion, 'kind' | 'value'>, typeUrl: string, value: Uint8Array): string | undefined {
  const wanted = HOOKED_TYPE_URL[question.kind]
  if (typeUrl !== wanted) return `the answer is of the type "${typeUrl}" instead of "${wanted}"`
  const most = question.value.length + MAX_ADDED_BYTES
  if (value.length > most) return `the answer has ${value.length} bytes, more than ${most}`
  try {
    const [before, after] = [identityOf(question.kind, question.value), identityOf(question.kind, value)]
    return before === after ? undefined : `the answer is called ${after} instead of ${before}: names, domains and addresses stay`
  } catch (error) {
    return `the answer is no ${question.kind}: ${errorText(error)}`
  }
}

/** What tells a resource from every other one. */
function identityOf(kind: HookedKind, value: Uint8Array): string {
  switch (kind) {
    case 'VirtualHost': {
      const { name, domains } = decode('envoy.config.route.v3.VirtualHost', value)
      return JSON.stringify([name, domains])
    }
    case 'Cluster':
      return JSON.stringify(decode('envoy.config.cluster.v3.Cluster', value).name)
    case 'Listener': {
      const { name, address } = decode('envoy.config.listener.v3.Listener', value)
      return JSON.stringify([name, address])
    }
  }
}
