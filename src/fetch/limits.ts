/** How much is fetched, and how long is waited for it. */

/** Of a module, and of a layer of an image with one. */
export const MAX_MODULE_BYTES: number = 16 * 1024 * 1024

/** Of what comes out of a compressed layer. */
export const MAX_LAYER_BYTES: number = 64 * 1024 * 1024

/** Of manifests, tokens and documents. Source: OCI Distribution Specification 1.1, "Pushing Manifests": 4 MiB. */
export const MAX_DOCUMENT_BYTES: number = 4 * 1024 * 1024

/** For one question about a module. */
export const MODULE_TIMEOUT_MS = 60_000

/** For one question about anything else, and for the beginning of any answer: who is not there must not keep others waiting. */
export const DOCUMENT_TIMEOUT_MS = 15_000
