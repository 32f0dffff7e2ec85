import type { EncodedResource } from '../resource.js'

/** What a client has of a name: a resource of ours, or a version that it brought along from an earlier stream. */
export type Held = EncodedResource | HeldVersion

/** A resource that the client got from another replica or before a restart: only its version is known. */
export interface HeldVersion {
  readonly version: string
  readonly value?: undefined
  readonly references?: undefined
}
