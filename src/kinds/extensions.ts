/** The programs that an ExtensionPolicy runs. */
import type { Lua, ProcessingModeOptions } from '../gen/kinds.js'
import { boolean, integer, list, object, oneOf, optional, required, rule, string, unknown } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { backendObjectReference, localObjectReference } from './references.js'
import { duration } from './strings.js'

/** Statuses that a proxy knows by name. */
const ERROR_CODES = [
  400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 417, 421, 422, 423, 424, 426, 428, 429, 431, 500,
  501, 502, 503, 504, 505, 506, 507, 508, 510, 511,
]

/** A script. */
export const lua: ObjectSchema = object(
  'Lua',
  'A script in Lua 5.1 (LuaJIT) with the functions `envoy_on_request` and `envoy_on_response`.',
  {
    type: optional(oneOf(['Inline', 'ValueRef'], { name: 'LuaValueType' }), 'Where it stands.', { default: 'Inline' }),
    inline: optional(string({ minLength: 1, maxLength: 65_536 }), 'The script, for `Inline`.'),
    valueRef: optional(localObjectReference, 'The ConfigMap, for `ValueRef`: its key `lua`, or its only key. At most 1 MiB.'),
    filterContext: optional(unknown(), 'An object that the script reads with `handle:filterContext()`.'),
  },
  {
    rules: [
      rule<Lua>(
        'script-has-what-its-type-names',
        "(self.type == 'Inline') == has(self.inline) && (self.type == 'ValueRef') == has(self.valueRef)",
        'set inline or valueRef exactly when type names it',
        (self) => (self.type === 'Inline') === (self.inline !== undefined) && (self.type === 'ValueRef') === (self.valueRef !== undefined),
      ),
    ],
  },
)

const modeOptions: ObjectSchema = object(
  'ProcessingModeOptions',
  'What the service sees of one direction. It always sees the headers.',
  {
    body: optional(
      oneOf(['Streamed', 'Buffered', 'FullDuplexStreamed', 'BufferedPartial'], { name: 'ExtProcBodyProcessingMode' }),
      'How it sees the body; not at all when left out.',
    ),
    trailers: optional(boolean(), 'Whether it sees the trailers; with `FullDuplexStreamed` it must.'),
    attributes: optional(
      list(string({ minLength: 1, maxLength: 256 }), { maxItems: 64 }),
      'Attributes that it is told, in the words of Envoy, such as `request.path`.',
    ),
  },
  {
    rules: [
      rule<ProcessingModeOptions>(
        'full-duplex-sees-trailers',
        "!has(self.body) || self.body != 'FullDuplexStreamed' || !has(self.trailers) || self.trailers",
        'a FullDuplexStreamed body comes with its trailers',
        (self) => self.body !== 'FullDuplexStreamed' || self.trailers !== false,
      ),
    ],
  },
)

const namespaces = list(string({ minLength: 1, maxLength: 256 }), { maxItems: 64 })

/** A service that is told of requests and answers. */
export const extProc: ObjectSchema = object(
  'ExtProc',
  'A service that is told of requests and answers and may change them (Envoy ext_proc, gRPC).',
  {
    backendRef: required(backendObjectReference, 'The service. A Backend may have several endpoints, with weights and priorities.'),
    messageTimeout: optional(duration, 'How long the service may take to answer a message, 1h at most; 200ms when left out.'),
    failOpen: optional(boolean(), 'Whether requests go on without the service when it cannot be asked; else they get `statusOnError`.', {
      default: false,
    }),
    statusOnError: optional(
      integer({ enum: ERROR_CODES }),
      'The status of an answer when the service fails; 500 when left out. One that is too late makes it 504.',
    ),
    processingMode: optional(
      object('ExtProcProcessingMode', 'What the service sees.', {
        request: optional(modeOptions, 'What it sees of requests; nothing when left out.'),
        response: optional(modeOptions, 'What it sees of answers; nothing when left out.'),
        allowModeOverride: optional(boolean(), 'Whether the service may change this for a request.', { default: false }),
      }),
      'What the service sees; the headers of requests and answers when left out.',
    ),
    shadowMode: optional(
      boolean(),
      'Whether the service is told only: its answers change nothing, nobody waits for them, and requests go on without it. Bodies it sees `Streamed`.',
      {
        default: false,
      },
    ),
    metadata: optional(
      object('ExtProcMetadata', 'Dynamic metadata that is shared with the service.', {
        accessibleNamespaces: optional(namespaces, 'What it is told.'),
        writableNamespaces: optional(namespaces, 'What it may set.'),
      }),
      'Dynamic metadata that is shared with the service; none when left out.',
    ),
  },
)

/** A native module of the proxy. */
export const dynamicModule: ObjectSchema = object(
  'DynamicModule',
  'A native module (a shared library) that the proxy has on its disk. It can do whatever the proxy can.',
  {
    name: required(
      string({ minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]*$' }),
      'Its name: the file is `lib<name>.so` in a folder of `ENVOY_DYNAMIC_MODULES_SEARCH_PATH`.',
    ),
    filterName: optional(string({ minLength: 1, maxLength: 256 }), 'Which filter of the module; its `name` when left out.'),
    config: optional(unknown(), 'What the filter is told at its start: a text, or anything else as JSON.'),
    doNotClose: optional(boolean(), 'Whether the module stays loaded when nothing uses it any more, as those written in Go must.', {
      default: false,
    }),
    loadGlobally: optional(boolean(), 'Whether modules that are loaded later can use its symbols.', { default: false }),
    terminalFilter: optional(boolean(), 'Whether the filter answers all requests itself, so that none goes on.', { default: false }),
  },
)
