/** Which changes of a status are worth an Event: what became wrong, and what became right again. */
import { NEGATIVE_CONDITIONS, REMARK_CONDITIONS } from '../gatewayapi/conditions.js'
import { type JsonObject, listAt, stringAt } from '../k8s/kube-json.js'
import type { OwnEntry } from './merge-entries.js'

/** A change that people want to see below the object. */
export interface StatusEvent {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly note: string
}

/** Conditions whose turn to the good is news, by the word for it. */
const GOOD_NEWS: ReadonlyMap<string, string> = new Map([
  ['Accepted', 'Accepted'],
  ['Programmed', 'Programmed'],
  ['headgate.dev/Delivered', 'Delivered'],
])

/**
 * The Events that a written status gives rise to. They come from what stood in the cluster before and not from what this process
 * said before, so that neither a restart nor another leader repeats them.
 */
export function statusEvents(before: JsonObject, after: JsonObject, controllerName: string): readonly StatusEvent[] {
  const known = conditionsIn(before, controllerName)
  const events = [...conditionsIn(after, controllerName)].flatMap(([place, condition]) => eventOf(known.get(place), condition))
  // A reason that holds for many listeners or parents in the same words is told once.
  return [...new Map(events.map((event) => [JSON.stringify(event), event])).values()]
}

/** What an object's status has no room for: nothing else in the cluster tells it. */
export function unsaidEvent(unsaid: readonly OwnEntry[]): StatusEvent {
  const said = unsaid.flatMap(({ ref, conditions }) => {
    const bad = conditions.filter((condition) => stateOf(condition) === 'bad')
    const words = bad.map(({ type, reason, message }) => `${type}: ${reason}: ${message}`)
    return `${ref.kind} ${ref.namespace === undefined ? '' : `${ref.namespace}/`}${ref.name}: ${words.join(' ') || 'nothing is wrong.'}`
  })
  const note = `Entries of other controllers leave no room in its status. It counts all the same. Not said there: ${said.join(' ')}`
  return { type: 'Warning', reason: 'NoRoomInStatus', note }
}

interface PlacedCondition {
  readonly subject: string
  readonly condition: unknown
}

/** Conditions by their place in the status; of shared lists only ours. */
function conditionsIn(status: JsonObject, controllerName: string): ReadonlyMap<string, PlacedCondition> {
  const found = new Map<string, PlacedCondition>()
  const add = (place: string, subject: string, holder: unknown): void => {
    for (const condition of listAt(holder, 'conditions')) found.set(`${place}/${stringAt(condition, 'type')}`, { subject, condition })
  }
  add('', '', status)
  for (const listener of listAt(status, 'listeners'))
    add(`listener ${stringAt(listener, 'name')}`, `Listener ${stringAt(listener, 'name')}: `, listener)
  for (const [field, refField] of [
    ['parents', 'parentRef'],
    ['ancestors', 'ancestorRef'],
  ] as const) {
    for (const entry of listAt(status, field)) {
      if (stringAt(entry, 'controllerName') !== controllerName) continue
      const name = stringAt(entry, refField, 'name')
      const section = stringAt(entry, refField, 'sectionName')
      const where = `${stringAt(entry, refField, 'kind') || 'Gateway'} ${name}${section === '' ? '' : `, listener ${section}`}`
      add(JSON.stringify([field, stringAt(entry, refField, 'namespace'), where]), `${where}: `, entry)
    }
  }
  return found
}

function eventOf(before: PlacedCondition | undefined, { subject, condition }: PlacedCondition): readonly StatusEvent[] {
  const type = stringAt(condition, 'type')
  const [was, is] = [stateOf(before?.condition), stateOf(condition)]
  const reason = stringAt(condition, 'reason')
  const note = `${subject}${stringAt(condition, 'message')}`
  const isNews = was !== is || stringAt(before?.condition, 'reason') !== reason
  // Something that is only pending is not wrong.
  if (is === 'bad' && isNews && reason !== 'Pending') return [{ type: 'Warning', reason, note }]
  const word = GOOD_NEWS.get(type)
  return is === 'good' && was !== 'good' && word !== undefined ? [{ type: 'Normal', reason: word, note }] : []
}

function stateOf(condition: unknown): 'good' | 'bad' | 'open' {
  const type = stringAt(condition, 'type')
  const status = stringAt(condition, 'status')
  if (REMARK_CONDITIONS.has(type) || (status !== 'True' && status !== 'False')) return 'open'
  return (status === 'True') === NEGATIVE_CONDITIONS.has(type) ? 'bad' : 'good'
}
