/**
 * The one class of `@kubernetes/client-node` that is used, re-exported by name: a bundler leaves the generated client of the whole API
 * out of what only this file imports. Import this file when it is needed, not before.
 */
export { KubeConfig } from '@kubernetes/client-node'
