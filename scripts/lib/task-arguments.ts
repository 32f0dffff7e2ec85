/**
 * The command line of a task, the same way for all: what is wrong is said in a line or two, without a stack trace, and ends with the code 2.
 * `--help` is answered before, by scripts/run.cjs, with the comment at the head of the task's file.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util'
import { errorText } from '../../src/util/error-text.js'

/** What it was asked for: values of options, and words beside them. */
export interface TaskArguments<Options extends ParseArgsOptionsConfig> {
  readonly values: ReturnType<typeof parseArgs<{ options: Options }>>['values']
  readonly words: readonly string[]
}

/**
 * Reads the command line of this process.
 *
 * @param isWord whether a word that belongs to no option means something; without it none does
 */
export function taskArguments<const Options extends ParseArgsOptionsConfig>(
  options: Options,
  isWord: (word: string) => boolean = () => false,
): TaskArguments<Options> {
  return readWith(() => {
    const { values, positionals } = parseArgs({ options, allowPositionals: true })
    const unknown = positionals.find((word) => !isWord(word))
    if (unknown !== undefined) throw new Error(`"${unknown}" means nothing here.`)
    return { values, words: positionals }
  })
}

/** True for whole numbers from 1. */
export function isCount(word: string): boolean {
  return /^[1-9]\d{0,8}$/.test(word)
}

/** A whole number, from 0 on. */
export function countOf(option: string, text: string): number {
  return readWith(() => {
    if (!/^\d{1,9}$/.test(text)) throw new Error(`--${option} takes a whole number, not "${text}".`)
    return Number(text)
  })
}

/** Whole numbers with commas between them. */
export function countsOf(option: string, text: string): readonly number[] {
  return text
    .split(',')
    .filter((word) => word !== '')
    .map((word) => countOf(option, word))
}

/** What the function reads of the command line; what it throws is said, and ends the process. */
export function readWith<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    const { npm_lifecycle_event: script } = process.env
    const command = script === undefined ? 'it' : `npm run ${script} --`
    console.error(`${errorText(error)}\n${command} --help says what there is.`)
    process.exit(2)
  }
}
