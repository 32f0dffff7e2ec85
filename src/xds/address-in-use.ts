/** What Envoy says of an address that another program on its machine has: a fault of the machine, and of no object. */

/** An address that cannot be bound. */
export interface AddressInUse {
  readonly address: string
  readonly port: number
}

/** The address that a listener was rejected for; undefined where it was rejected for something else. */
export function addressInUse({ name, message }: { readonly name: string; readonly message: string }): AddressInUse | undefined {
  // A message may be about several listeners, and each of them has its own reason.
  const at = message.indexOf(`${name}: cannot bind '`)
  const found = at === -1 ? undefined : /^: cannot bind '([^']+):(\d+)': Address already in use/.exec(message.slice(at + name.length))
  const [, address, port] = found ?? []
  return address === undefined ? undefined : { address, port: Number(port) }
}
