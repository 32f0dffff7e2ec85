/**
 * A WebAssembly module with the ABI of proxy-wasm, made here byte by byte.
 *
 * It adds to requests: `x-wasm` (its configuration), `x-wasm-name`, `x-wasm-root` (its root id) and, where it sees any variable of the
 * environment, `x-wasm-env`. Source: WebAssembly Core 1.0, chapter 5; proxy-wasm ABI 0.2.1.
 */
/** What the module does otherwise. */
export interface WasmProgramOptions {
  /** It refuses its configuration. */
  readonly refusesConfig?: true
  /** It crashes at a request with a body. */
  readonly crashes?: true
}

type Bytes = readonly number[]

const I32 = 0x7f
const END = 0x0b
const CONFIGURATION = 7

/** The bytes of the module. */
export function wasmProgram({ refusesConfig, crashes }: WasmProgramOptions = {}): Buffer {
  const onRequest = [...(crashes === true ? CRASH_WITH_BODY : []), ...onRequestHeaders()]
  const onConfigure: Bytes = [
    ...call(GET_BUFFER, constant(CONFIGURATION), constant(0), local(1), constant(AT.config), constant(AT.config + 4)),
    DROP,
    ...constant(refusesConfig === true ? 0 : 1),
  ]
  const functions: readonly (readonly [string, number, Bytes])[] = [
    ['proxy_abi_version_0_2_1', TYPE.nothing, []],
    // The old value of the global is the address; then the global goes on.
    ['proxy_on_memory_allocate', TYPE.one, [...GLOBAL, ...GLOBAL, ...local(0), ADD, 0x24, 0]],
    ['proxy_on_context_create', TYPE.create, []],
    ['proxy_on_vm_start', TYPE.two, constant(1)],
    ['proxy_on_configure', TYPE.two, onConfigure],
    ['proxy_on_request_headers', TYPE.three, onRequest],
  ]
  const exports = functions.map(([name], at): Bytes => [...text(name), 0, IMPORTS.length + at])
  return Buffer.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(TYPES.map(([parameters, results]) => [0x60, ...vector(i32(parameters)), ...vector(i32(results))]))),
    ...section(2, vector(IMPORTS.map(([module, name, type]) => [...text(module), ...text(name), 0, type]))),
    ...section(3, vector(functions.map(([, type]) => [type]))),
    ...section(5, vector([[0, 4]])),
    ...section(6, vector([[I32, 1, ...constant(65_536), END]])),
    ...section(7, vector([[...text('memory'), 2, 0], ...exports])),
    ...section(10, vector(functions.map(([, , body]) => sized([0, ...body, END])))),
    ...section(11, vector(WORDS.map((word) => [0, ...constant(addressOf(word)), END, ...text(word)]))),
  ])
}

const DROP = 0x1a
const ADD = 0x6a
const SUBTRACT = 0x6b
const GLOBAL: Bytes = [0x23, 0]
/** Where the third parameter, whether a request ends with its headers, is zero. */
const CRASH_WITH_BODY: Bytes = [0x20, 2, 0x45, 0x04, 0x40, 0x00, END]

/** How many numbers of 32 bits each type of a function takes and gives. */
const TYPES: readonly (readonly [number, number])[] = [
  [0, 0],
  [1, 1],
  [2, 0],
  [2, 1],
  [3, 1],
  [4, 1],
  [5, 1],
]
const TYPE = { nothing: 0, one: 1, create: 2, two: 3, three: 4, four: 5, five: 6 } as const
const IMPORTS: readonly (readonly [string, string, number])[] = [
  ['env', 'proxy_add_header_map_value', TYPE.five],
  ['env', 'proxy_get_buffer_bytes', TYPE.five],
  ['env', 'proxy_get_property', TYPE.four],
  ['wasi_snapshot_preview1', 'environ_sizes_get', TYPE.two],
  ['wasi_snapshot_preview1', 'environ_get', TYPE.two],
]
const [ADD_HEADER, GET_BUFFER, GET_PROPERTY, ENVIRONMENT_SIZES, ENVIRONMENT] = [0, 1, 2, 3, 4]

const WORDS = ['x-wasm', 'x-wasm-name', 'x-wasm-root', 'x-wasm-env', 'plugin_name', 'plugin_root_id']
/** Places in the memory: pairs of an address and a length, or of a count and a length; then lists. */
const AT = { config: 16, property: 24, environment: 32, pointers: 1024, variables: 8192 } as const

/** Each word has 32 bytes from 256 on. */
function addressOf(word: string): number {
  return 256 + 32 * WORDS.indexOf(word)
}

function onRequestHeaders(): Bytes {
  const property = (name: string, header: string): Bytes => [
    ...call(GET_PROPERTY, constant(addressOf(name)), constant(name.length), constant(AT.property), constant(AT.property + 4)),
    DROP,
    ...addHeader(header, load(AT.property), load(AT.property + 4)),
  ]
  return [
    ...addHeader('x-wasm', load(AT.config), load(AT.config + 4)),
    ...property('plugin_name', 'x-wasm-name'),
    ...property('plugin_root_id', 'x-wasm-root'),
    ...call(ENVIRONMENT_SIZES, constant(AT.environment), constant(AT.environment + 4)),
    DROP,
    ...load(AT.environment),
    ...[0x04, 0x40],
    ...call(ENVIRONMENT, constant(AT.pointers), constant(AT.variables)),
    DROP,
    // Without the zero at the end.
    ...addHeader('x-wasm-env', constant(AT.variables), [...load(AT.environment + 4), ...constant(1), SUBTRACT]),
    END,
    ...constant(0),
  ]
}

function addHeader(name: string, address: Bytes, length: Bytes): Bytes {
  return [...call(ADD_HEADER, constant(0), constant(addressOf(name)), constant(name.length), address, length), DROP]
}

function call(target: number | undefined, ...values: readonly Bytes[]): Bytes {
  return [...values.flat(), 0x10, ...unsigned(target ?? 0)]
}

function load(address: number): Bytes {
  return [...constant(address), 0x28, 2, 0]
}

function local(index: number): Bytes {
  return [0x20, index]
}

function constant(value: number): Bytes {
  return [0x41, ...signed(value)]
}

function i32(count: number): readonly Bytes[] {
  return Array.from({ length: count }, () => [I32])
}

function section(id: number, content: Bytes): Bytes {
  return [id, ...sized(content)]
}

function vector(items: readonly Bytes[]): Bytes {
  return [...unsigned(items.length), ...items.flat()]
}

function text(value: string): Bytes {
  return sized([...Buffer.from(value)])
}

function sized(content: Bytes): Bytes {
  return [...unsigned(content.length), ...content]
}

/** LEB128. */
function unsigned(value: number): Bytes {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

/** Signed LEB128 of a number that is not negative: the bit 6 of the last byte is its sign. */
function signed(value: number): Bytes {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)]
}

/** A part of a module that means nothing, and is longer than so many bytes. Source: WebAssembly Core 1.0, 5.5.3. */
export function customSection(length: number): Buffer {
  const sized = (count: number): Buffer => Buffer.from([0, 7, 14, 21].map((shift) => ((count >>> shift) & 0x7f) | (shift < 21 ? 0x80 : 0)))
  const name = Buffer.from('\u0001x')
  return Buffer.concat([Buffer.from([0]), sized(length + name.length), name, Buffer.alloc(length)])
}
