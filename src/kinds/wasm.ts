/** WebAssembly modules that an ExtensionPolicy runs. */
import type { WasmCodeSource } from '../gen/kinds.js'
import { boolean, list, object, oneOf, optional, required, rule, string, unknown } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { localObjectReference } from './references.js'

const code: ObjectSchema = object(
  'WasmCodeSource',
  'Where a module is.',
  {
    type: required(oneOf(['ValueRef', 'File'], { name: 'WasmCodeSourceType' }), 'Which of the fields says it.'),
    valueRef: optional(
      localObjectReference,
      'A ConfigMap, for `ValueRef`: the key `wasm` of its `binaryData`, or the only one. It goes to proxies with every rule that it is for.',
    ),
    path: optional(string({ minLength: 2, maxLength: 1024, pattern: '^/' }), 'A file of the proxy, for `File`.'),
  },
  {
    rules: [
      rule<WasmCodeSource>(
        'module-has-what-its-type-names',
        "(self.type == 'ValueRef') == has(self.valueRef) && (self.type == 'File') == has(self.path)",
        'set valueRef or path exactly when type names it',
        (self) => (self.type === 'ValueRef') === (self.valueRef !== undefined) && (self.type === 'File') === (self.path !== undefined),
      ),
    ],
  },
)

/** A WebAssembly module. */
export const wasm: ObjectSchema = object('Wasm', 'A WebAssembly module with the ABI of proxy-wasm. It runs in a sandbox of its own.', {
  name: optional(
    string({ minLength: 1, maxLength: 256 }),
    'Its name in logs of the proxy; made from the name of the policy when left out.',
  ),
  rootID: optional(string({ minLength: 1, maxLength: 256 }), 'Which program of a module that has several.'),
  code: required(code, 'Where it is.'),
  config: optional(unknown(), 'What it is told at its start: a text, or anything else as JSON.'),
  failOpen: optional(
    boolean(),
    'Whether requests go on without the module when it is not there or has crashed; else they are refused with a status of 500 or above.',
    { default: false },
  ),
  env: optional(
    object('WasmEnv', 'Its environment.', {
      hostKeys: optional(
        list(string({ minLength: 1, maxLength: 256, pattern: '^[A-Za-z_][A-Za-z0-9_]*$' }), { maxItems: 64 }),
        "Variables of the proxy's environment that it sees.",
      ),
    }),
    'Its environment; empty when left out.',
  ),
})
