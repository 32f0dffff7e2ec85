/** The authority of calls to a cluster. Envoy would send the name of the cluster, whose slashes no authority may have: strict servers reset the call. */
export function grpcAuthority(cluster: string): string {
  const [, namespace, name] = cluster.split('/')
  return namespace === undefined || name === undefined ? cluster : `${name}.${namespace}`
}
