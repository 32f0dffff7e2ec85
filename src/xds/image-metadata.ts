/** Where the metadata of an Envoy's node says which image its pod is of. */
export const IMAGE_METADATA = 'headgate.dev/image'
