/** End-to-end tests on a real cluster; `npm run end-to-end` makes one and runs them inside its network. */
import root from '../../jest.config.js'

export default { ...root, rootDir: '../..', testMatch: ['**/test/cluster/*.cluster.ts'], testTimeout: 180_000, maxWorkers: 1 }
