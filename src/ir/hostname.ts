/** A DNS name or a wildcard such as `*.example.com`: lower case, no port, no trailing dot. */
export type Hostname = string & { readonly brand: 'Hostname' }
