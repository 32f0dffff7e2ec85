/** Domains of virtual hosts: names, wildcards such as `*.example.com`, and `*` for every host. */

/** True for a domain that names one host. */
export function isExact(domain: string): boolean {
  return !domain.startsWith('*')
}
