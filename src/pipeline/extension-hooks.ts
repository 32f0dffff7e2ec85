/** An extension server beside the pipeline: its answers become an input, what is wrong with it is told. */
import type { Problem } from '../admin/sources.js'
import type { ExtensionServerConfig } from '../config/config.js'
import { HookCaller } from '../extension-hooks/hook-caller.js'
import { connectHooks } from '../extension-hooks/hook-client.js'
import { WithheldObjects } from '../extension-hooks/withheld-objects.js'
import type { Logger } from '../telemetry/logger.js'
import type { Metrics } from '../telemetry/metrics.js'
import { compareText } from '../util/compare-text.js'
import { HOOK_ORIGIN_KIND } from '../xds/hook-origin.js'
import { serverClock } from '../xds/server/clock.js'
import type { HookAnswer, HookOptions, HookQuestion } from '../xds/translate/extension-hooks/hook.js'
import type { AskedHooks } from './needs.js'

/** In times that an answer may take: with thousands of questions many take their time one after the other. */
const LONGEST_WAIT = 10
/** What is told one by one; of more, the number. */
const MOST_PROBLEMS = 20

/** Takes what comes of questions. */
export interface HookSink {
  /** Undefined: there is nothing to answer any more. */
  answered(key: string, answer: HookAnswer | undefined): void
  /** The object is closed, for this reason; undefined: it is not any more. Named by `<Kind>/<namespace>/<name>`. */
  withheld(object: string, message: string | undefined): void
}

/** Asks the extension server of the configuration. */
export class ExtensionHooks implements AskedHooks {
  readonly options: HookOptions
  readonly #address: string
  readonly #caller: HookCaller
  readonly #metrics: Metrics
  readonly #logger: Logger
  readonly #withheld = new WithheldObjects()
  #sink: HookSink = { answered: () => {}, withheld: () => {} }
  readonly #unanswered = new Set<string>()
  /** So that an outage is one line of the log, and not one per resource. */
  #isTold = false

  constructor(config: ExtensionServerConfig, metrics: Metrics, logger: Logger) {
    this.options = config
    this.#address = config.address
    this.#metrics = metrics
    this.#logger = logger.child({ component: 'extension' })
    this.#caller = new HookCaller({
      connect: (onReconnected) => connectHooks(config, onReconnected),
      onAnswer: (key, answer) => this.#sink.answered(key, answer),
      onUnanswered: (key, question, message) => {
        if (message === undefined) this.#unanswered.delete(key)
        else this.#unanswered.add(key)
        metrics.extensionUnanswered.set(this.#unanswered.size)
        if (this.#unanswered.size === 0) this.#isTold = false
        this.#tell(key, question, message === undefined ? undefined : `the extension server gave no answer: ${message}`)
      },
      onCall: ({ kind, name }, outcome, message) => this.#note(kind, name, outcome, message),
      longestWaitMs: LONGEST_WAIT * config.timeoutMs,
      // Proxies that run go on with what they have, which is better than closing everything.
      waitsAtStart: config.failurePolicy === 'Fail',
      after: serverClock.after,
    })
  }

  /** Hands answers over from now on. Call it before the first question. */
  attach(sink: HookSink): void {
    this.#sink = sink
  }

  /** Envoy refused an answer, in these words; undefined: it is sent again, or is another one. */
  refused(key: string, message: string | undefined): void {
    const question = this.#caller.question(key)
    const words = message === undefined ? undefined : `Envoy refused the answer of the extension server: ${message}`
    if (question !== undefined) this.#tell(`refused ${key}`, question, words)
  }

  #tell(reason: string, question: HookQuestion, message: string | undefined): void {
    if (this.options.failurePolicy === 'Ignore') return
    for (const [object, words] of this.#withheld.note(reason, question, message)) this.#sink.withheld(object, words)
  }

  ask(questions: ReadonlyMap<string, HookQuestion | undefined>): Promise<void> | undefined {
    return this.#caller.ask(questions)
  }

  /**
   * What is without an answer, and which answers Envoy refused.
   *
   * @param quarantines what is held back, with Envoy's words
   */
  problems(quarantines: Iterable<readonly [string, { readonly message: string }]>): readonly Problem[] {
    const { failurePolicy } = this.options
    const instead = failurePolicy === 'Ignore' ? 'it is sent as it is' : 'it is closed'
    const refused = [...quarantines].filter(([object]) => object.startsWith(`${HOOK_ORIGIN_KIND}//`))
    const all = [
      ...refused.map(([object, { message }]): Problem => {
        const where = object.slice(HOOK_ORIGIN_KIND.length + 2)
        return { severity: 'error', where, message: `Envoy refused the answer of the extension server, so ${instead}: ${message}` }
      }),
      ...[...this.#caller.failures].map(([where, message]): Problem => {
        const text = `the extension server ${this.#address} gave no answer, so ${instead}: ${message}`
        return { severity: 'error', where, message: text }
      }),
    ].sort((a, b) => compareText(a.where, b.where))
    const more = all.length - MOST_PROBLEMS
    const rest: Problem = {
      severity: 'error',
      where: `${more} more`,
      message: `without an answer of the extension server ${this.#address}`,
    }
    return more > 0 ? [...all.slice(0, MOST_PROBLEMS), rest] : all
  }

  /** No further questions. */
  close(): void {
    this.#caller.close()
  }

  #note(resource: string, name: string, outcome: string, message: string | undefined): void {
    this.#metrics.extensionCalls.inc({ resource, outcome })
    if (message === undefined) return
    const level = this.#isTold ? 'debug' : 'warn'
    this.#isTold = true
    this.#logger[level]({ server: this.#address, resource, name, reason: message }, 'the extension server gave no answer that can be used')
  }
}
