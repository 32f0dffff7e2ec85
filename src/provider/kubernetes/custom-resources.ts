/** The CRDs of Gateway API as they are installed: their bundle version and channel stand in annotations. */
import type { RawObject } from '../../k8s/kube-json.js'

/** One installed CRD. */
export interface CustomResource {
  /** `httproutes.gateway.networking.k8s.io`. */
  readonly name: string
  readonly group: string
  /** Such as `v1.7.0`; undefined on CRDs that are not from a release of Gateway API. */
  readonly bundleVersion: string | undefined
  /** `standard` or `experimental`. */
  readonly channel: string | undefined
}

/** What the metadata of a CRD says. */
export function toCustomResource({ metadata }: RawObject): CustomResource {
  return {
    name: metadata.name,
    group: metadata.name.slice(metadata.name.indexOf('.') + 1),
    bundleVersion: metadata.annotations?.['gateway.networking.k8s.io/bundle-version'],
    channel: metadata.annotations?.['gateway.networking.k8s.io/channel'],
  }
}
