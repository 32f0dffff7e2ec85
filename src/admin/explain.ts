/** Explains what becomes of a request, by the configuration of all proxies. */
import { setImmediate as yieldToSockets } from 'node:timers/promises'
import { explain } from '../explain/explain.js'
import type { Explanation } from '../explain/explanation.js'
import { type Question, readQuestion } from '../explain/question.js'
import { parseRouteName } from '../explain/route-name.js'
import { type Answer, json, text } from './http-server.js'
import type { AdminSources, SnapshotSource } from './sources.js'

/** An explanation, and where its routes were written. */
export interface PlacedExplanation extends Explanation {
  /** `file:line:column` by the names of routes, where they come from files. */
  readonly places: Readonly<Record<string, string>>
}

/** One explanation for each listener that may be meant; sockets get their turn after each group of proxies. */
export async function explainAll(snapshots: SnapshotSource, question: Question): Promise<readonly Explanation[]> {
  const all: Explanation[] = []
  for (const group of [...snapshots.groups()].sort()) {
    all.push(...explain(snapshots, group, question))
    await yieldToSockets()
  }
  return all
}

/** The explanations, with the places of all routes that they name. */
export function withPlaces(explanations: readonly Explanation[], whereIs: AdminSources['whereIs']): readonly PlacedExplanation[] {
  return explanations.map((each) => {
    const named = [...each.outcomes.flatMap(({ route }) => route ?? []), ...each.passedOver.map(({ route }) => route), ...each.behind]
    const places = [...new Set(named)].flatMap((route) => {
      const parsed = parseRouteName(route)
      if (parsed === undefined) return []
      const [kind = '', namespace = '', name = ''] = parsed.object.split('/')
      const path = ['spec', 'rules', parsed.rule, 'matches', parsed.match]
      const place = whereIs({ group: ROUTES_GROUP, kind, namespace, name }, path)
      return place === undefined ? [] : [[route, place] as const]
    })
    return { ...each, places: Object.fromEntries(places) }
  })
}

const ROUTES_GROUP = 'gateway.networking.k8s.io'

/** Answers `/explain?request=JSON`; the request is a `Question`. */
export async function answerExplain({ snapshots, whereIs }: AdminSources, query: URLSearchParams): Promise<Answer> {
  let question: Question
  try {
    question = readQuestion(query.get('request') ?? '')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return text(400, error.message)
  }
  return json(withPlaces(await explainAll(snapshots, question), whereIs))
}
