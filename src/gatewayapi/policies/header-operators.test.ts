import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { operatorProblem, withOperators } from './header-operators.js'

it.each([
  { value: 'plain', want: 'plain' },
  { value: '100%', want: '100%%' },
  { value: '%PROTOCOL%', want: '%PROTOCOL%' },
  { value: 'a%b%PROTOCOL%%', want: 'a%%b%PROTOCOL%%%' },
  { value: '%TLS_JA4_FINGERPRINT%:%TLS_JA3_FINGERPRINT%', want: '%TLS_JA4_FINGERPRINT%:%TLS_JA3_FINGERPRINT%' },
  { value: '%lower%', want: '%%lower%%' },
])('$value is written as $want', ({ value, want }) => {
  expect(operatorProblem(value)).toBeUndefined()
  expect(withOperators(value)).toBe(want)
})

it.each([
  '%ENVIRONMENT(SECRET)%',
  '%HOSTNAME%',
  '%FILE_CONTENT(/etc/passwd)%',
  '%REQ(authorization)%',
  '%DYNAMIC_METADATA(a:b)%',
  '%PROTOCOL(x)%',
])('%s is no operator for headers', (value) => {
  expect(operatorProblem(`a ${value} b`)).toContain('which is not for headers')
})

it('a value without operators is itself after Envoy has read it', () => {
  fc.assert(
    fc.property(fc.string(), (value) => {
      fc.pre(!/%[A-Z]/.test(value))
      expect(withOperators(value).replaceAll('%%', '%')).toBe(value)
    }),
  )
})
