/** Attempts to get around a policy, as an attacker would make them: byte by byte. */
import { expect } from '@jest/globals'
import type { World } from '../features/world.js'
import { type RawAnswer, sendRaw } from './raw-http.js'

/** One way to get around a policy. */
export interface Attempt {
  readonly how: string
  readonly bytes: string
}

/** What the attempts are made against. The Gateway is `default/gw`, on port 80. */
export interface Guarded {
  readonly world: World
  /** The backend that an attacker wants to reach. */
  readonly secret: string
  /** Objects without the guard, and the guard. */
  readonly open: readonly string[]
  readonly guard: string
  /** Answers that keep a request out; 403 when left out. */
  readonly denials?: readonly number[]
}

/** A request in raw bytes to `example.com`: a request line, and headers behind `host`. */
export function rawRequest(line: string, ...headers: readonly string[]): string {
  return `${[line, 'host: example.com', ...headers].join('\r\n')}\r\n\r\n`
}

/** Every attempt must reach the backend without the guard, and none with it. */
export async function expectNoneSucceed(guarded: Guarded, attempts: readonly Attempt[]): Promise<void> {
  const { world, open, guard, denials = [403] } = guarded
  const { requests } = world.backend(guarded.secret)
  await world.write(...open)
  for (const { how, bytes } of attempts) {
    const before = requests.length
    const { status } = await send(world, bytes)
    // A backend takes an upgrade without counting it as a request.
    expect({ how, isReached: requests.length > before || status === 101 }).toEqual({ how, isReached: true })
  }
  await world.write(...open, guard)
  const seen = requests.length
  for (const { how, bytes } of attempts) {
    const { status } = await send(world, bytes)
    expect({ how, status, isDenied: denials.includes(status) }).toEqual({ how, status, isDenied: true })
  }
  expect(requests).toHaveLength(seen)
}

function send(world: World, bytes: string): Promise<RawAnswer> {
  return sendRaw(world.headgate.place('default/gw', 80), bytes)
}
