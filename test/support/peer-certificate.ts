/** Which certificate a server shows. */
import { connect } from 'node:tls'

/** Where to connect, and what to trust. */
export interface PeerOptions {
  readonly address: string
  readonly port: number
  readonly serverName: string
  /** PEM. */
  readonly ca: string
}

/** The fingerprint (SHA-256) of the certificate that a new connection gets. Rejects when it is not trusted. */
export function connectedCertificate({ address, port, serverName, ca }: PeerOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, servername: serverName, ca }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.on('error', reject)
  })
}
