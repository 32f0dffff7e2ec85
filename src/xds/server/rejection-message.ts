/**
 * What Envoy says when it rejects a response, read for people and for the search for the culprit.
 *
 * A violated constraint is reported with the whole resource in front: people get the words behind it, and of the text the search takes the
 * name alone.
 */
import { shortened } from '../../util/shortened.js'
import { printedMessages, withoutPrintedMessages } from '../printed-messages.js'

/** A message of Envoy. */
export interface RejectionMessage {
  /** For people: Envoy's own words without printed resources, at most `MAX_LENGTH` characters. */
  readonly text: string
  /** What the message quotes or ends with, the most telling first: parts of the culprit, if it can be told from others by them. */
  readonly words: readonly string[]
  /** Where in a resource with virtual hosts a constraint is violated. */
  readonly virtualHost: number | undefined
  readonly route: number | undefined
}

/** A condition holds 32,768 characters; nobody reads that many. */
const MAX_LENGTH = 2_000
/** Words are looked for so far: Envoy sends 4,096 bytes, and how many endings a text has grows with its length, as they do. */
const MAX_READ = 16_384
/** Longer words are whole resources. */
const MAX_WORD_LENGTH = 500
const MAX_WORDS = 50

const PRINTED_NAME = /^(?:name|cluster_name): "([^"]+)"/gm

/** Reads a message. */
export function readRejection(message: string): RejectionMessage {
  const text = withoutPrintedMessages(message)
  const names = printedMessages(message).flatMap((printed) => [...printed.matchAll(PRINTED_NAME)].map(([, name = '']) => name))
  const read = text.slice(0, MAX_READ)
  return {
    text: shortened(text, MAX_LENGTH),
    words: [...new Set([...names, ...quoted(read), ...endings(read), ...unusual(read)])]
      .filter((word) => word !== '' && word.length <= MAX_WORD_LENGTH)
      .slice(0, MAX_WORDS),
    virtualHost: indexOf(text, 'VirtualHosts'),
    route: indexOf(text, 'Routes'),
  }
}

function indexOf(text: string, field: string): number | undefined {
  const found = new RegExp(`\\.${field}\\[(\\d+)\\]`).exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

function quoted(text: string): readonly string[] {
  return [...text.matchAll(/'([^']+)'|"([^"]+)"/g)].map(([, single, double]) => single ?? double ?? '')
}

/** RE2 and others put what they complain about behind a colon. */
function endings(text: string): readonly string[] {
  const found = [...text.matchAll(/: /g)].map(({ index }) => text.slice(index + 2))
  return [...found.reverse(), ...found.map((ending) => ending.split(': ', 1)[0] ?? '')]
}

/** Words that are no words of a language: names, hosts, paths. */
function unusual(text: string): readonly string[] {
  return text
    .split(/[\s,;()]+/)
    .map((word) => word.replace(/^['"`]+|['"`.:]+$/g, ''))
    .filter((word) => word.length > 2 && /[^a-zA-Z]/.test(word))
    .sort((a, b) => b.length - a.length)
}
