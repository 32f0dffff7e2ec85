import { on } from 'node:events'
import type { ClientHttp2Stream } from 'node:http2'

/** Chunks that wait for the reader before the stream does: a slow reader holds up its own stream alone. */
const WAITING_CHUNKS = { highWaterMark: 16, lowWaterMark: 4 }

/**
 * The body of an answer as it arrives. Throws what ended the stream before its body was complete; whoever stops reading early ends the request.
 *
 * Not the iterator that streams have: Node from 24.20 and 26.3 on takes a stream that arrived before it was read for one that broke off, because
 * `closed` of an HTTP/2 stream is about its frames, and of others about who reads them. Source: nodejs/node issue 65677.
 */
export async function* bodyOf(stream: ClientHttp2Stream): AsyncGenerator<Buffer, void, undefined> {
  try {
    // What has ended says so no more, and would be waited for.
    if (!stream.destroyed) for await (const [chunk] of on(stream, 'data', { close: ['end', 'close'], ...WAITING_CHUNKS })) yield chunk
    if (!stream.readableEnded) throw stream.errored ?? new Error('the connection was closed before the answer was complete')
  } finally {
    stream.destroy()
  }
}
