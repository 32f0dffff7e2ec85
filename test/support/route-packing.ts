/** Which packing of routes tests of whole gateways use: `HEADGATE_TEST_PACKING=scoped npm test -- test/features`, else the default. */
import { routePacking } from '../../src/config/option-values.js'
import { DEFAULT_ROUTE_PACKING, type RoutePacking } from '../../src/xds/translate/packing.js'

/** What the variable says, in the words of `--route-packing`. Throws when it says something else. */
export function testRoutePacking(): RoutePacking {
  const value = process.env.HEADGATE_TEST_PACKING
  return value === undefined || value === '' ? DEFAULT_ROUTE_PACKING : routePacking(value)
}
