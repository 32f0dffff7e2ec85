/** What the server did so far, as plain numbers by type URL: metrics export them, tests assert them. */
export class Counters {
  /** Resources encoded: once for each version and protocol, whatever the number of streams. */
  readonly encodes: Map<string, number> = new Map()
  /** Responses written. */
  readonly responses: Map<string, number> = new Map()
  /** Bytes of the responses, without framing. */
  readonly bytes: Map<string, number> = new Map()

  /** Counts a response. */
  sent(typeUrl: string, bytes: number): void {
    this.responses.set(typeUrl, (this.responses.get(typeUrl) ?? 0) + 1)
    this.bytes.set(typeUrl, (this.bytes.get(typeUrl) ?? 0) + bytes)
  }
}
