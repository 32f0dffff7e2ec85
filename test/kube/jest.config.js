/** Tests against a real kube-apiserver: `jest -c test/kube/jest.config.js`. They need the programs of `npm run cluster up`. */
import root from '../../jest.config.js'

export default { ...root, rootDir: '../..', testMatch: ['**/test/kube/*.kube.ts'], testTimeout: 60_000, maxWorkers: 1 }
