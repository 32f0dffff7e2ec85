export default {
  // Nothing takes that long by itself; a busy machine may.
  testTimeout: 30_000,
  // Modules of finished test files stay in memory (Jest runs ECMAScript modules in contexts that are never freed whole). Run in
  // workers that are replaced when they have grown: all files in one process would reach the limit of its heap.
  workerIdleMemoryLimit: '1GB',
  testEnvironment: 'node',
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } }],
  },
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/conformance/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.cache/'],
}
