/** Listeners that cannot serve: what they want conflicts, is not supported, or cannot be had. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { gateway, httpRoute, to } from './manifests.js'
import { featureWorld } from './world.js'

const world = featureWorld(['a'], () => httpRoute('r', `[{${to('a')}}]`))
const KEY = 'default/gw'

feature(
  ['Listener reason ProtocolConflict', 'Listener condition Conflicted', 'Listener reason NoConflicts', 'Gateway reason ListenersNotValid'],
  'serves neither of two listeners whose protocols cannot share a port, and the others all the same',
  async () => {
    await world.write(
      gateway(
        'gw',
        '[{name: web, port: 80, protocol: HTTP}, {name: raw, port: 8811, protocol: TCP}, {name: mixed, port: 8811, protocol: HTTP}]',
      ),
    )
    expect(world.listener(KEY, 'raw')).toEqual(
      expect.arrayContaining(['Accepted=False/ProtocolConflict', 'Conflicted=True/ProtocolConflict']),
    )
    expect(world.listener(KEY, 'mixed')).toContain('Conflicted=True/ProtocolConflict')
    expect(world.listener(KEY, 'web')).toEqual(expect.arrayContaining(['Accepted=True/Accepted', 'Conflicted=False/NoConflicts']))
    expect(world.conditions('Gateway/default/gw')[0]).toBe('Accepted=True/ListenersNotValid')
    expect(await world.answerer()).toBe('a')
    expect(() => world.headgate.place(KEY, 8811)).toThrow('does not listen')
  },
)

feature(
  ['Listener reason UnsupportedProtocol', 'Gateway spec.listeners.protocol', 'Listener reason Invalid'],
  'does not accept a listener of a protocol that it does not know',
  async () => {
    await world.write(gateway('gw', '[{name: web, port: 80, protocol: HTTP}, {name: odd, port: 8812, protocol: example.com/odd}]'))
    expect(world.listener(KEY, 'odd')).toEqual(expect.arrayContaining(['Accepted=False/UnsupportedProtocol', 'Programmed=False/Invalid']))
    expect(await world.answerer()).toBe('a')
  },
)

feature(
  ['Listener reason PortUnavailable', 'Gateway spec.listeners.port', 'Gateway reason Invalid'],
  'does not accept a listener for whose port there is none left to bind',
  async () => {
    // The ports of a test are moved up by an offset, and there is none above 65535.
    await world.write(gateway('gw', '[{name: high, port: 65535, protocol: HTTP}]'))
    expect(world.listener(KEY, 'high')).toEqual(
      expect.arrayContaining(['Accepted=False/PortUnavailable', 'Programmed=False/PortUnavailable']),
    )
    expect(world.conditions('Gateway/default/gw').slice(0, 2)).toEqual(['Accepted=False/ListenersNotValid', 'Programmed=False/Invalid'])
    await world.write(gateway('gw', '[{name: high, port: 8813, protocol: HTTP}]'))
    expect(world.listener(KEY, 'high')).toContain('Accepted=True/Accepted')
    expect(await world.answerer({ port: 8813 })).toBe('a')
  },
)
