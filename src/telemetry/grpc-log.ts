/** What the gRPC library has to say goes into our log: it would print it to standard error by itself. */
import { setLogger } from '@grpc/grpc-js'
import type { Logger } from './logger.js'

/** Sends the library's lines to the debug level for the whole process: whatever matters comes to us as an error as well. */
export function sendGrpcLogTo(logger: Logger): void {
  const own = logger.child({ component: 'grpc' })
  const say = (...words: readonly unknown[]): void => own.debug(words.map(String).join(' '))
  setLogger({ error: say, info: say, debug: say })
}
