import { describe, expect, it } from '@jest/globals'
import { readRejection } from './rejection-message.js'

/** What Envoy 1.40 says of a constraint that a route configuration violates: all of it is printed first. */
const printed = (hosts: number) => `goo.gle/debugproto   
name: "table"
${Array.from({ length: hosts }, (_, index) => `virtual_hosts {\n  name: "h${index}"\n}`).join('\n')}
: Proto constraint validation failed (RouteConfigurationValidationError.VirtualHosts[2]: embedded message failed validation | caused by VirtualHostValidationError.Routes[1]: embedded message failed validation | caused by RouteValidationError.Match: value is required)`

describe('a message of a rejection', () => {
  it.each([
    ['missing ): /foo/(a', '/foo/(a'],
    ['invalid character class range: z-a', 'z-a'],
    ['Only unique values for domains are permitted. Duplicate entry of domain r1.test in route t', 'r1.test'],
    ["Didn't find a registered implementation for 'unknown' with type URL: 'no.such.Message'", 'no.such.Message'],
    ['Not supported field in StreamInfo: BOGUS', 'BOGUS'],
  ])('%s: tells %s', (message, word) => {
    const read = readRejection(message)
    expect(read.text).toBe(message)
    expect(read.words).toContain(word)
  })

  it('has no printed resource in its text, but its name among the words, and the place of the violation', () => {
    expect(readRejection(printed(5_000))).toMatchObject({
      text: expect.stringMatching(/^Proto constraint validation failed \(.*value is required\)$/),
      words: expect.arrayContaining(['table']),
      virtualHost: 2,
      route: 1,
    })
  })

  it('is cut between letters, also where a letter is two of them to JavaScript', () => {
    const { text } = readRejection('😀'.repeat(2_000))
    expect(text).toHaveLength(2_000)
    expect(text.isWellFormed()).toBe(true)
  })

  it('of any length is read in no time: a client may say what it likes', () => {
    const began = process.cpuUsage()
    readRejection(': '.repeat(4_000_000))
    expect(process.cpuUsage(began).user / 1_000).toBeLessThan(1_000)
  })

  it('keeps what stands around printed resources: Envoy joins the messages of several clusters', () => {
    const one = (name: string) =>
      `${name}: goo.gle/debugstr  name: "${name}" type: STATIC: Proto constraint validation failed (${name} is bad)`
    const { text } = readRejection(`Error adding/updating cluster(s) ${one('a')}, ${one('b')}`)
    expect(text).toBe(
      'Error adding/updating cluster(s) a: Proto constraint validation failed (a is bad), b: Proto constraint validation failed (b is bad)',
    )
  })

  it('says so when Envoy cut the reason off behind a printed resource', () => {
    const cut = `${printed(500).slice(0, 4_096)}...(truncated)`
    expect(readRejection(cut).text).toMatch(/^a constraint of its fields is violated; Envoy printed the whole resource/)
    const cluster = `Error adding/updating cluster(s) a: ${cut}`
    expect(readRejection(cluster).text).toMatch(/^Error adding\/updating cluster\(s\) a: a constraint/)
  })

  it('is short enough for a condition', () => {
    expect(readRejection('x'.repeat(100_000)).text).toHaveLength(2_000)
    expect(readRejection('').text).toBe('')
  })
})
