/** Tests with services that are no part of Envoy: `npm run service-test` starts them. */
import root from '../../jest.config.js'

export default { ...root, rootDir: '../..', testMatch: ['**/test/policies/*.service.ts'], testTimeout: 60_000, maxWorkers: 1 }
