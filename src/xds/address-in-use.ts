/** What Envoy says of an address that it cannot bind: a fault of its machine, and of no object. */

/** An address that another program on the machine has. */
export interface AddressInUse {
  readonly address: string
  readonly port: number
}

/** A rejected listener, in Envoy's words. */
interface RejectedListener {
  readonly name: string
  readonly message: string
}

/** The address that a listener was rejected for as another program has it; undefined where it was rejected for something else. */
export function addressInUse(rejected: RejectedListener): AddressInUse | undefined {
  const [, address, port] = /^'([^']+):(\d+)': Address already in use/.exec(afterCannotBind(rejected) ?? '') ?? []
  return address === undefined ? undefined : { address, port: Number(port) }
}

/**
 * True if a listener was rejected because its address cannot be bound: another program has it, the port is one that only root may bind there, or
 * the machine has no address of the kind.
 */
export function cannotBind(rejected: RejectedListener): boolean {
  return afterCannotBind(rejected) !== undefined
}

function afterCannotBind({ name, message }: RejectedListener): string | undefined {
  // A message may be about several listeners, and each of them has its own reason.
  const start = `${name}: cannot bind `
  const at = message.indexOf(start)
  return at === -1 ? undefined : message.slice(at + start.length)
}
