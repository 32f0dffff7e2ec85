/** WebAssembly modules that an ExtensionPolicy runs. */
import type { WasmCodeSource } from '../gen/kinds.js'
import { boolean, list, object, oneOf, optional, required, rule, string, unknown } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { localObjectReference, secretObjectReference } from './references.js'

const sha256 = string({ pattern: '^[a-f0-9]{64}$' })

const fetchTls: ObjectSchema = object('WasmCodeSourceTLSConfig', 'How the server proves who it is.', {
  caCertificateRef: required(
    secretObjectReference,
    'A Secret or ConfigMap whose key `ca.crt` holds the authorities that may vouch for the server, instead of those of the system.',
  ),
})

const http: ObjectSchema = object('HTTPWasmCodeSource', 'A module on a web server.', {
  url: required(
    string({ minLength: 9, maxLength: 2048, pattern: '^https?://[!-~]+$' }),
    'Its address. `https`, unless the operator of Headgate allows `http` for the host.',
  ),
  sha256: optional(sha256, 'The SHA-256 of the module, in hexadecimal digits; anything else is refused.'),
  tls: optional(fetchTls, 'How the server proves who it is.'),
})

const image: ObjectSchema = object('ImageWasmCodeSource', 'A module in an image of a registry (OCI).', {
  url: required(
    string({ minLength: 3, maxLength: 512, pattern: '^[!-~]+$' }),
    'The image: HOST/REPOSITORY:TAG or HOST/REPOSITORY@sha256:DIGEST, `oci://` before it or not.',
  ),
  sha256: optional(sha256, 'The SHA-256 of the manifest, in hexadecimal digits; anything else is refused.'),
  pullSecretRef: optional(secretObjectReference, 'A Secret of type `kubernetes.io/dockerconfigjson` with a login for the registry.'),
  tls: optional(fetchTls, 'How the registry proves who it is.'),
})

/** The field that each type names. */
const FIELD_OF_TYPE = { ValueRef: 'valueRef', File: 'path', HTTP: 'http', Image: 'image' } as const

const code: ObjectSchema = object(
  'WasmCodeSource',
  'Where a module is.',
  {
    type: required(oneOf(['ValueRef', 'File', 'HTTP', 'Image'], { name: 'WasmCodeSourceType' }), 'Which of the fields says it.'),
    valueRef: optional(localObjectReference, 'A ConfigMap, for `ValueRef`: the key `wasm` of its `binaryData`, or the only one.'),
    path: optional(string({ minLength: 2, maxLength: 1024, pattern: '^/' }), 'A file of the proxy, for `File`.'),
    http: optional(http, 'A web server, for `HTTP`. Headgate fetches the module and hands it to the proxies.'),
    image: optional(image, 'An image of a registry, for `Image`. Headgate fetches it and hands the module to the proxies.'),
    pullPolicy: optional(
      oneOf(['IfNotPresent', 'Always'], { name: 'ImagePullPolicy' }),
      'For `HTTP` and `Image`: whether Headgate asks once, or again and again. Left out: again and again for the tag `latest`, else once. What is named by its digest is asked for once.',
    ),
  },
  {
    rules: [
      rule<WasmCodeSource>(
        'module-has-what-its-type-names',
        "(self.type == 'ValueRef') == has(self.valueRef) && (self.type == 'File') == has(self.path) && (self.type == 'HTTP') == has(self.http) && (self.type == 'Image') == has(self.image)",
        'set valueRef, path, http or image exactly when type names it',
        (self) => Object.entries(FIELD_OF_TYPE).every(([type, field]) => (self.type === type) === (self[field] !== undefined)),
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
