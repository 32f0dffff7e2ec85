/** Names of images. Source: OCI Distribution Specification 1.1, "Pulling manifests". */

/** Where an image is. */
export interface ImageName {
  /** HOST or HOST:PORT. */
  readonly registry: string
  readonly repository: string
  /** A tag, or `sha256:` and hexadecimal digits. */
  readonly reference: string
}

const NAME =
  /^(?:oci:\/\/)?([a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?)\/([a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@sha256:([a-f0-9]{64}))?$/

/** The registry that images of this name are known by answers under another one. */
const ALIASES: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' }
const LATEST = 'latest'

/** The image of a name such as `registry.example.com/team/module:v1`; undefined for what is no such name, or names no registry. */
export function parseImageName(text: string): ImageName | undefined {
  const [, host, repository, tag = LATEST, digest] = NAME.exec(text) ?? []
  if (host === undefined || repository === undefined || !/[.:]|^localhost$/.test(host)) return undefined
  return { registry: ALIASES[host] ?? host, repository, reference: digest === undefined ? tag : `sha256:${digest}` }
}

/** True if the name may mean another image tomorrow and is meant to. */
export function isLatest({ reference }: ImageName): boolean {
  return reference === LATEST
}
