/** What is said about formats of access logs, against what the real Envoy takes. */
import { beforeAll, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import { formatProblem, OPERATORS_WITH_PARAMETERS, PLAIN_OPERATORS } from '../../src/gatewayapi/telemetry/format-problem.js'
import { httpChain, port, routeTable, translate } from './ir-fixtures.js'
import { validate } from './static-bootstrap.js'

let envoy = ''
beforeAll(async () => {
  envoy = (await findEnvoy()).path
}, 300_000)

/** What Envoy has against a log with these fields. */
function refusal(...formats: readonly string[]): Promise<string> {
  const fields = Object.fromEntries(formats.map((format, at) => [String(at), format]))
  const log = { of: ['request'], format: { kind: 'json', fields }, expressions: [], sink: { kind: 'stdout' } } as const
  const chain = httpChain({ telemetry: { accessLogs: [log], origins: [] } })
  return validate(envoy, translate({ ports: [port({ chains: [chain] })], routeTables: [routeTable()] }))
}

/** What operators take that do not take any word. */
const PARAMETERS: Readonly<Record<string, string>> = {
  CEL: 'request.path',
  TYPED_CEL: 'request.path',
  METADATA: 'ROUTE:a',
  COMMON_DURATION: 'DS_RX_BEG:DS_RX_END:ms',
  COALESCE: '{"operators": [{"command": "REQ", "param": "x"}]}',
}

const FORMATS: readonly string[] = [
  ...[...PLAIN_OPERATORS].map((name) => `%${name}%`),
  ...[...OPERATORS_WITH_PARAMETERS].map((name) => `%${name}(${PARAMETERS[name] ?? 'x'})%`),
  'no operator, 100%%, and %REQ(a)%%REQ(b)% side by side',
  '%START_TIME(%Y-%m-%dT%H:%M:%S)%',
  '%REQ(x?:path):5%',
  '%CEL(1 % 2 == 0)%',
  '%CEL(request.path.size())%',
  '%%%%',
]

it('formats that Envoy takes have no problem', async () => {
  expect(FORMATS.flatMap((format) => formatProblem(format) ?? [])).toEqual([])
  expect(await refusal(...FORMATS)).toBe('')
})

it.each([
  '50%',
  '%',
  '%%%',
  '% REQ(x)%',
  '%REQ(x)',
  '%req(x)%',
  '%REQ(x):a%',
  '%REQ(x)x%',
  '%START_TIME(%Y)%%',
  '%DURATION%100%',
  '%REQ%',
  '%REQ()%',
  '%QUERY_PARAM%',
  '%CEL(request.path + )%',
  '%NO_SUCH_OPERATOR%',
  '%RESPONSE_CODES%',
])('%j is refused by Envoy and told before', async (format) => {
  expect(formatProblem(format)).toBeDefined()
  expect(await refusal(format)).not.toBe('')
})
