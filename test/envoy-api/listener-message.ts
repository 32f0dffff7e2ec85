/** Listeners as messages, for tests that look at what stands in them. */
import type { envoy } from '../../src/gen/envoy/types.js'
import type { Port } from '../../src/ir/port.js'
import { decode } from '../../src/xds/message.js'
import type { PackingOf } from '../../src/xds/translate/listeners/chain-names.js'
import { encodeListener } from '../../src/xds/translate/listeners/listener.js'
import type { TranslateOptions } from '../../src/xds/translate/options.js'

/** What proxies get for a port, read as they read it: defaults are left out. Undefined where they get nothing. */
export function listenerMessage(
  port: Port,
  options: TranslateOptions,
  packingOf?: PackingOf,
): envoy.config.listener.v3.Listener | undefined {
  const resource = encodeListener(port, options, packingOf)
  return resource && decode('envoy.config.listener.v3.Listener', resource.value)
}
