const REDACTED = '[redacted]'

/** A secret value. It shows itself to nobody who does not ask for it by name: not in JSON, not in a log, not in an error. */
export class Sensitive {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Only for the place that puts it on the wire. */
  reveal(): string {
    return this.#value
  }

  /** True if both hold the same value. */
  equals(other: Sensitive): boolean {
    return this.#value === other.#value
  }

  toJSON(): string {
    return REDACTED
  }

  toString(): string {
    return REDACTED
  }
}
