import { contour } from './contour.js'
import { envoyGateway } from './envoy-gateway.js'
import { headgate } from './headgate.js'
import type { Peer } from './peer.js'
import { traefik } from './traefik.js'

/** Everything that can be measured, in the order of the tables. */
export const PEERS: readonly Peer[] = [headgate, envoyGateway, contour, traefik]

/** The peer of that name. @throws Error that lists the names */
export function peerNamed(name: string): Peer {
  const peer = PEERS.find((each) => each.name === name)
  if (peer === undefined) throw new Error(`there is no peer ${name}; there are ${PEERS.map((each) => each.name).join(', ')}`)
  return peer
}
