/** Tests that take minutes because time is what they are about; `npm run long` runs them, and `LONG=1 .ci/run`. */
import root from '../../jest.config.js'

export default { ...root, rootDir: '../..', testMatch: ['**/test/long/*.long.ts'], testTimeout: 60_000 }
