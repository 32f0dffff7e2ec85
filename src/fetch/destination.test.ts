import { describe, expect, it } from '@jest/globals'
import { addressProblem, type FetchRules, mayBePlain, urlProblem } from './destination.js'

const RULES: FetchRules = { allowsLoopback: false, hosts: undefined, plainHosts: [] }
const LAPTOP: FetchRules = { ...RULES, allowsLoopback: true }

describe('addresses', () => {
  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    'fe80::1',
    'fe80::1%eth0',
    'fd00:ec2::254',
    'fd20:ce::254',
    '100.100.100.200',
    '192.0.0.192',
    '168.63.129.16',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '255.255.255.255',
    'ff02::1',
  ])('%s is never asked, on a laptop neither', (address) => {
    expect(addressProblem(address, RULES)).toMatch(/never asked/)
    expect(addressProblem(address, LAPTOP)).toMatch(/never asked/)
  })

  it.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])('%s is asked on a laptop only', (address) => {
    expect(addressProblem(address, RULES)).toMatch(/this machine/)
    expect(addressProblem(address, LAPTOP)).toBeUndefined()
  })

  it.each(['10.0.0.1', '192.168.0.1', '172.16.0.1', '203.0.113.1', 'fd12::1', '2001:db8::1', '64:ff9b::a00:1'])(
    '%s is asked',
    (address) => {
      expect(addressProblem(address, RULES)).toBeUndefined()
    },
  )
})

describe('names', () => {
  it.each([
    ['https://example.com/x', RULES, undefined],
    ['http://example.com/x', RULES, /only https/],
    ['http://localhost:1/x', RULES, /only https/],
    ['http://localhost:1/x', LAPTOP, undefined],
    ['http://127.1:1/x', LAPTOP, undefined],
    ['http://[::1]:1/x', LAPTOP, undefined],
    ['http://localhost.example.com/x', LAPTOP, /only https/],
    ['http://127.0.0.1.example.com/x', LAPTOP, /only https/],
    ['http://registry:5000/x', { ...RULES, plainHosts: ['registry:5000'] }, undefined],
    ['http://registry:5001/x', { ...RULES, plainHosts: ['registry:5000'] }, /only https/],
    ['ftp://example.com/x', LAPTOP, /only https/],
    ['https://ann@example.com/x', RULES, /a login/],
    ['https://example.com/x', { ...RULES, hosts: ['example.com'] }, undefined],
    ['https://example.com:444/x', { ...RULES, hosts: ['example.com:443'] }, /allows/],
    ['https://a.example.com/x', { ...RULES, hosts: ['*.example.com'] }, undefined],
    ['https://example.com/x', { ...RULES, hosts: ['*.example.com'] }, /allows/],
    ['https://evilexample.com/x', { ...RULES, hosts: ['*.example.com', 'example.com'] }, /allows/],
  ])('%s with %j', (url, rules, problem) => {
    expect(urlProblem(new URL(url), rules)).toEqual(problem === undefined ? undefined : expect.stringMatching(problem))
  })

  it('what is listed as plain is plain', () => {
    expect(mayBePlain(new URL('http://registry:5000'), { ...RULES, plainHosts: ['registry'] })).toBe(true)
    expect(mayBePlain(new URL('http://registry:5000'), RULES)).toBe(false)
  })
})
