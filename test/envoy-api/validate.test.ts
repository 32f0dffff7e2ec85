import { beforeAll, describe, expect, it } from '@jest/globals'
import { findEnvoy } from '../../envoy/find-envoy.js'
import {
  cluster,
  endpoint,
  endpoints,
  forward,
  type IrValues,
  port,
  prefix,
  route,
  routeTable,
  translate,
  virtualHost,
  weighted,
} from './ir-fixtures.js'
import { validate } from './static-bootstrap.js'

let envoy = ''
beforeAll(async () => {
  envoy = (await findEnvoy()).path
}, 300_000)

const backend: IrValues = { clusters: [cluster('a'), cluster('b')], endpoints: [endpoints('a', endpoint(1)), endpoints('b', endpoint(2))] }
const http: IrValues = { ...backend, ports: [port()], routeTables: [routeTable()] }

describe('Envoy accepts', () => {
  it.each<{ name: string; ir: IrValues }>([
    { name: 'a route', ir: { ...http, virtualHosts: [virtualHost([route()])] } },
    {
      name: 'weights',
      ir: {
        ...http,
        virtualHosts: [
          virtualHost([route({ match: prefix('/x'), action: forward({ clusters: [weighted('a'), weighted('b', 3)], invalidWeight: 2 }) })]),
        ],
      },
    },
  ])(
    '$name',
    async ({ ir }) => {
      expect(await validate(envoy, translate(ir))).toBe('')
    },
    60_000,
  )
})
