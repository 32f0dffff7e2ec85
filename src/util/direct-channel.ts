/**
 * Options of every channel of ours: straight to the address. gRPC would go through the proxy that `https_proxy`, `http_proxy` or
 * `grpc_proxy` name, which platforms put into the environment of pods for what is outside of the cluster. Replicas, and extension servers,
 * are inside.
 */
export const DIRECT_CHANNEL = { 'grpc.enable_http_proxy': 0 } as const
