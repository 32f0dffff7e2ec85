/** WebAssembly modules in places of the chain. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { google } from '../../../gen/envoy/types.js'
import type { WasmExtension } from '../../../ir/extension.js'
import { any } from '../../message.js'

const { FAIL_OPEN, FAIL_RELOAD } = Enum['envoy.extensions.wasm.v3.FailurePolicy']

/** The filter that runs a module. Source: Envoy `envoy.extensions.wasm.v3.PluginConfig`. */
export function wasm({ name, rootId, machine, code, config, hostEnvironment, failOpen }: WasmExtension): google.protobuf.Any {
  return any('envoy.extensions.filters.http.wasm.v3.Wasm', {
    config: {
      name,
      rootId,
      vmConfig: {
        // Envoy shares a machine by this id and the code, and not by the environment: the first one's would be that of all.
        vmId: [machine, ...hostEnvironment].join(' '),
        runtime: 'envoy.wasm.runtime.v8',
        // Code that the proxy would fetch itself (`remote`) never arrives here: what a route brings starts no fetch (Envoy 1.40).
        code: { local: code.kind === 'file' ? { filename: code.path } : { inlineBytes: Buffer.from(code.base64, 'base64') } },
        ...(hostEnvironment.length === 0 ? {} : { environmentVariables: { hostEnvKeys: hostEnvironment } }),
      },
      ...(config === undefined ? {} : { configuration: any('google.protobuf.StringValue', { value: config }) }),
      // A module that has crashed is started again; until then requests are refused.
      failurePolicy: failOpen ? FAIL_OPEN : FAIL_RELOAD,
    },
  })
}
