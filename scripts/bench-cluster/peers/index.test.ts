import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { COLOURS } from '../report/format.js'
import { PEERS, peerNamed } from './index.js'

const bench = readFileSync(join(import.meta.dirname, '../../../conformance/bench.sh'), 'utf8')

describe('peers', () => {
  it.each(PEERS.map((peer) => ({ name: peer.name, peer })))(
    '$name is installed by a script, told in the help, and has a colour',
    ({ name, peer }) => {
      const script = join(import.meta.dirname, `${name}.sh`)
      expect(existsSync(script)).toBe(true)
      for (const what of ['peer_version', 'build_peer', 'install_peer']) expect(readFileSync(script, 'utf8')).toContain(`${what}() {`)
      expect(/--peer NAMES +(.*), or several/.exec(bench)?.[1]?.split(', ')).toContain(name)
      expect(Object.keys(COLOURS)).toContain(name)
      expect(peerNamed(name)).toBe(peer)
    },
  )

  it('have colours of their own', () => {
    expect(new Set(Object.values(COLOURS)).size).toBe(PEERS.length)
  })

  it('are named when one is asked for that is not there', () => {
    expect(() => peerNamed('nobody')).toThrow('there are headgate, envoy-gateway, contour, traefik')
  })
})
