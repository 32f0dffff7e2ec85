/** Explains what becomes of a request, by the configuration of all proxies. */
import { setImmediate as yieldToSockets } from 'node:timers/promises'
import { explain } from '../explain/explain.js'
import type { Explanation } from '../explain/explanation.js'
import { type Question, readQuestion } from '../explain/question.js'
import { type Answer, json, text } from './http-server.js'
import type { SnapshotSource } from './sources.js'

/** One explanation for each listener that may be meant; sockets get their turn after each group of proxies. */
export async function explainAll(snapshots: SnapshotSource, question: Question): Promise<readonly Explanation[]> {
  const all: Explanation[] = []
  for (const group of [...snapshots.groups()].sort()) {
    all.push(...explain(snapshots, group, question))
    await yieldToSockets()
  }
  return all
}

/** Answers `/explain?request=JSON`; the request is a `Question`. */
export async function answerExplain(snapshots: SnapshotSource, query: URLSearchParams): Promise<Answer> {
  let question: Question
  try {
    question = readQuestion(query.get('request') ?? '')
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    return text(400, error.message)
  }
  return json(await explainAll(snapshots, question))
}
