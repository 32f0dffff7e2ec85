/**
 * The texts of the SDS files behind a proxy's connection to the control plane. Each points to the files with the certificate or token
 * itself and to their folder: Kubernetes renews them by moving a link in that folder, and Envoy reads them again when it sees that.
 */

/** The names of the secrets. */
export const XDS_SECRETS = {
  authority: 'headgate_xds_authority',
  certificate: 'headgate_xds_certificate',
  token: 'headgate_xds_token',
} as const

/** The authorities in a PEM file. */
export function authoritySecret(file: string): string {
  return sdsFile(XDS_SECRETS.authority, { validation_context: { trusted_ca: { filename: file }, watched_directory: folderOf(file) } })
}

/** A certificate with its key, in two PEM files of one folder. */
export function certificateSecret(certificateFile: string, privateKeyFile: string): string {
  return sdsFile(XDS_SECRETS.certificate, {
    tls_certificate: {
      certificate_chain: { filename: certificateFile },
      private_key: { filename: privateKeyFile },
      watched_directory: folderOf(certificateFile),
    },
  })
}

/** The token in a file. */
export function tokenSecret(file: string): string {
  return sdsFile(XDS_SECRETS.token, { generic_secret: { secret: { filename: file, watched_directory: folderOf(file) } } })
}

function sdsFile(name: string, secret: object): string {
  const resource = { '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret', name, ...secret }
  return `${JSON.stringify({ resources: [resource] })}\n`
}

function folderOf(file: string): { readonly path: string } {
  return { path: file.slice(0, Math.max(file.lastIndexOf('/'), 1)) }
}
