/**
 * Configuration of filters that listeners only name: it changes without a listener, and so without a connection that is closed. A group has
 * one of each, in use or not, so that the first use changes no listener either.
 */
import type { JwtRequirement } from '../../ir/authentication.js'
import { any } from '../message.js'
import { type EncodedResource, TYPE_URL } from '../resource.js'
import { encodeResource, sortReferences } from './encoded.js'
import { JWT_AUTHN, jwtAuthentication, jwtReferences } from './http-filters/jwt-authn.js'

/** The tokens that routes of a group ask for. Its name is that of the filter, for every group. */
export function encodeJwtFilter(requirements: readonly JwtRequirement[]): EncodedResource {
  const { name } = JWT_AUTHN
  const typedConfig = any('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', jwtAuthentication(requirements))
  const identity = {
    typeUrl: TYPE_URL.extensionConfig,
    name,
    origins: requirements.flatMap(({ origins }) => origins),
    references: sortReferences(jwtReferences(requirements)),
  }
  const provides = requirements.map((requirement) => requirement.name)
  return { ...encodeResource('envoy.config.core.v3.TypedExtensionConfig', { name, typedConfig }, identity), provides }
}
