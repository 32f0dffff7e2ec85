import { int32, object, optional } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { duration } from './strings.js'

/** Probes on connections without traffic. */
export const tcpKeepalive: ObjectSchema = object(
  'TCPKeepalive',
  'Probes on connections without traffic; an empty one uses what the kernel has.',
  {
    probes: optional(int32({ minimum: 1 }), 'So many probes without answer end the connection.'),
    idleTime: optional(duration, 'When the first probe is sent, in whole seconds.'),
    interval: optional(duration, 'How often, in whole seconds.'),
  },
)
