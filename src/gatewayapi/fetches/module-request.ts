/** Modules of policies that are fetched: what is asked for. */
import type { SecretObjectReference, WasmCodeSource } from '../../gen/kinds.js'
import { objectKey } from '../../util/object-ref.js'
import { type Found, found, missing } from '../authentication/found.js'
import { type FetchRequest, fetchKey } from './fetch-request.js'
import { isLatest, parseImageName } from './image-name.js'
import { referredLogin } from './referred-login.js'
import { type FetchWorld, referredTrust } from './referred-trust.js'

/**
 * What is to be fetched for the code of a module; undefined for code that is given.
 *
 * @param field where the source stands, for messages
 */
export function moduleRequest(world: FetchWorld, source: WasmCodeSource, field: string): Found<FetchRequest> | undefined {
  switch (source.type) {
    case 'HTTP':
      return source.http && fromServer(world, source, source.http, `${field}.http`)
    case 'Image':
      return source.image && fromRegistry(world, source, source.image, `${field}.image`)
    default:
      return undefined
  }
}

function fromServer(
  world: FetchWorld,
  { pullPolicy }: WasmCodeSource,
  { url, sha256, tls }: NonNullable<WasmCodeSource['http']>,
  field: string,
): Found<FetchRequest> {
  if (!URL.canParse(url))
    return missing('UnsupportedValue', `${field}.url: "${url}" is no address such as https://example.com/module.wasm.`)
  const { username, password } = new URL(url)
  if (username !== '' || password !== '')
    return missing('UnsupportedValue', `${field}.url: it holds a login, which everybody can read here.`)
  const authorities = authoritiesOf(world, tls, field)
  if (!authorities.ok) return authorities
  const isFollowed = pullPolicy === 'Always' && sha256 === undefined
  const key = fetchKey('module', url, sha256, nameOf(world, tls?.caCertificateRef))
  return found({ kind: 'module', key, url, sha256, authorities: authorities.value, isFollowed })
}

function fromRegistry(
  world: FetchWorld,
  { pullPolicy }: WasmCodeSource,
  { url, sha256, pullSecretRef, tls }: NonNullable<WasmCodeSource['image']>,
  field: string,
): Found<FetchRequest> {
  const image = parseImageName(url)
  if (image === undefined) {
    return missing('UnsupportedValue', `${field}.url: "${url}" is no image such as registry.example.com/team/module:v1.`)
  }
  const authorities = authoritiesOf(world, tls, field)
  if (!authorities.ok) return authorities
  const login = pullSecretRef === undefined ? found(undefined) : referredLogin(world, `${field}.pullSecretRef`, pullSecretRef, image)
  if (!login.ok) return login
  const isPinned = image.reference.startsWith('sha256:') || sha256 !== undefined
  const isFollowed = !isPinned && (pullPolicy === undefined ? isLatest(image) : pullPolicy === 'Always')
  const { registry, repository, reference } = image
  const names = [nameOf(world, pullSecretRef), nameOf(world, tls?.caCertificateRef)]
  const key = fetchKey('image', registry, repository, reference, sha256, ...names)
  return found({ kind: 'image', key, image, sha256, login: login.value, authorities: authorities.value, isFollowed })
}

type Tls = { readonly caCertificateRef: SecretObjectReference } | undefined

function authoritiesOf(world: FetchWorld, tls: Tls, field: string): Found<string | undefined> {
  return tls === undefined ? found(undefined) : referredTrust(world, `${field}.tls.caCertificateRef`, tls.caCertificateRef)
}

function nameOf({ referrer }: FetchWorld, ref: SecretObjectReference | undefined): string {
  return ref === undefined ? '' : `${ref.kind}/${objectKey(ref.namespace ?? referrer.namespace, ref.name)}`
}
