import { describe, expect, it } from '@jest/globals'
import { htpasswdProblem } from './resolve-basic-auth.js'

const HASH = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ='

describe('htpasswdProblem', () => {
  it.each([
    { what: 'users, comments and empty lines', lines: [`a:${HASH}`, '', '# x', `b:${HASH}`], want: undefined },
    { what: 'nobody', lines: ['', '#'], want: 'has no user' },
    {
      what: 'a password in clear',
      lines: [`a:${HASH}`, 'b:geheim'],
      want: 'has a line 2 that is not NAME:{SHA}HASH: write it with "htpasswd -s"',
    },
    { what: 'a name twice', lines: [`a:${HASH}`, `a:${HASH}`], want: 'has the user of line 2 twice' },
    {
      what: 'a hash that is cut off',
      lines: [`a:${HASH.slice(0, -2)}`],
      want: 'has a line 1 that is not NAME:{SHA}HASH: write it with "htpasswd -s"',
    },
    { what: 'more behind the hash', lines: [`a:${HASH}:x`], want: 'has a line 1 that is not NAME:{SHA}HASH: write it with "htpasswd -s"' },
  ])('$what', ({ lines, want }) => {
    expect(htpasswdProblem(lines)).toBe(want)
  })
})
