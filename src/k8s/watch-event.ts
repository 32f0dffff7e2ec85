/** What one line of a watch says. */
import type { ObjectKey } from '../util/object-ref.js'
import { KubeApiError } from './kube-error.js'
import { fieldAt, isRawObject, type RawObject, stringAt } from './kube-json.js'
import { keyOf } from './listed-objects.js'
import { LIST_END } from './streamed-lists.js'
import { trimObject } from './trim.js'

/** One event. A version is the empty string where the server gave none. */
export type WatchEvent =
  | { readonly type: 'bookmark'; readonly resourceVersion: string; readonly endsList: boolean }
  | { readonly type: 'exists'; readonly resourceVersion: string; readonly key: ObjectKey; readonly object: RawObject }
  | { readonly type: 'deleted'; readonly resourceVersion: string; readonly key: ObjectKey }

/**
 * Reads a line; what is no object counts as a bookmark.
 *
 * @throws KubeApiError where the server says what went wrong, Error where the line is no JSON
 */
export function parseWatchEvent(line: Buffer): WatchEvent {
  const event = parse(line)
  const type = stringAt(event, 'type')
  const object = fieldAt(event, 'object')
  if (type === 'ERROR') {
    throw new KubeApiError('watch', Number(fieldAt(object, 'code') ?? 500), stringAt(object, 'reason'), stringAt(object, 'message'))
  }
  const resourceVersion = stringAt(object, 'metadata', 'resourceVersion')
  if (type === 'BOOKMARK' || !isRawObject(object)) {
    return { type: 'bookmark', resourceVersion, endsList: stringAt(object, 'metadata', 'annotations', LIST_END) === 'true' }
  }
  const key = keyOf(object)
  return type === 'DELETED'
    ? { type: 'deleted', resourceVersion, key }
    : { type: 'exists', resourceVersion, key, object: trimObject(object) }
}

function parse(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (error) {
    throw new Error(`the watch sent a line that is no JSON: ${line.subarray(0, 80).toString('utf8')}`, { cause: error })
  }
}
