/** The configuration that is explained: that of the proxies of one group, as they get it. */
import type { EncodedResource, TypeUrl } from '../xds/resource.js'
import { TYPE_URL } from '../xds/resource.js'

/** The configuration of all groups of proxies; `SnapshotCache` is one. */
export interface ConfigurationSource {
  groups(): readonly string[]
  resources(group: string, typeUrl: TypeUrl): ReadonlyMap<string, EncodedResource>
}

/** What the proxies of one group get. */
export class GroupConfiguration {
  readonly group: string
  readonly #source: ConfigurationSource

  constructor(source: ConfigurationSource, group: string) {
    this.#source = source
    this.group = group
  }

  /** All resources of a type. */
  all(typeUrl: TypeUrl): Iterable<EncodedResource> {
    return this.#source.resources(this.group, typeUrl).values()
  }

  /** The resource of a type and a name. Of a scope, the name may be its key, which has no colons: addresses of IPv6 have some. */
  find(typeUrl: TypeUrl, name: string): EncodedResource | undefined {
    const resources = this.#source.resources(this.group, typeUrl)
    const found = resources.get(name)
    if (found !== undefined || typeUrl !== TYPE_URL.scopedRouteConfiguration) return found
    for (const resource of resources.values()) if (resource.name.replaceAll(':', '_') === name) return resource
    return undefined
  }

  /**
   * Hosts that have a scope of their own.
   *
   * @param prefix of the keys of their scopes
   * @param most how many are named
   */
  scopedHosts(prefix: string, most: number): readonly string[] {
    const hosts: string[] = []
    for (const name of this.#source.resources(this.group, TYPE_URL.scopedRouteConfiguration).keys()) {
      if (hosts.length === most) break
      const key = name.replaceAll(':', '_')
      if (key.startsWith(prefix) && !key.endsWith('#*')) hosts.push(key.slice(prefix.length))
    }
    return hosts
  }
}
