/**
 * A name as a part of the names of statistics: Envoy separates their parts by dots, and metrics systems find the cluster or the listener
 * between the first and the second.
 */
export function statName(name: string): string {
  return name.replaceAll('.', '_').replaceAll(':', '_')
}
