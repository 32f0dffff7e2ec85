/** What tests of explanations stand on: a backend, and a Headgate with an Envoy for each way in which routes come to it. */
import { afterAll, beforeAll } from '@jest/globals'
import { explainAll } from '../../src/admin/explain.js'
import type { Explanation } from '../../src/explain/explanation.js'
import type { Question } from '../../src/explain/question.js'
import { startBackend, type TestBackend, type TestBackendOptions } from '../support/http-backend.js'
import { type Standalone, startTestStandalone } from '../support/standalone.js'

/** The world of one file of tests; empty outside of tests. */
export interface PackedWorld {
  /** The backend `one`. */
  readonly one: TestBackend
  readonly headgates: readonly Standalone[]
}

/** Starts it before the tests of a file, and stops it after. */
export function packedWorld(options: TestBackendOptions = {}): PackedWorld {
  let one: TestBackend | undefined
  let headgates: readonly Standalone[] = []
  beforeAll(async () => {
    one = await startBackend('one', options)
    headgates = await Promise.all((['rds', 'scoped'] as const).map((routePacking) => startTestStandalone({ routePacking })))
  }, 120_000)
  afterAll(async () => {
    await Promise.all([...headgates.map((each) => each.stop()), one?.close()])
  })
  return {
    get one() {
      if (one === undefined) throw new Error('only inside of tests')
      return one
    },
    get headgates() {
      return headgates
    },
  }
}

/** What is said about a request to the only listener that may be meant. */
export async function explainAt({ running }: Standalone, question: Question): Promise<Explanation> {
  const [explanation, ...others] = await explainAll(running.controlPlane.snapshots, question)
  if (explanation === undefined || others.length > 0) throw new Error('one listener is meant')
  return explanation
}
