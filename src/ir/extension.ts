/** How many programs a route can have: each needs a place of its own in every proxy, whether it is used or not. */
export const MAX_EXTENSIONS = 8

/** A program that sees requests of a route and their answers. */
export type Extension = LuaExtension | ProcessorExtension | WasmExtension | DynamicModuleExtension

/** A script. */
export interface LuaExtension {
  readonly kind: 'lua'
  readonly script: string
  /** An object that the script reads. */
  readonly context?: object
}

/** A service that is told of requests and answers and may change them. */
export interface ProcessorExtension {
  readonly kind: 'processor'
  /** Undefined: it cannot be asked. */
  readonly cluster: string | undefined
  readonly messageTimeoutMs?: number
  /** True: requests go on when it cannot be asked. */
  readonly failOpen: boolean
  readonly statusOnError?: number
  /** What it sees; undefined: nothing. */
  readonly request: ProcessedDirection | undefined
  readonly response: ProcessedDirection | undefined
  /** True: it may change what it sees of a request. */
  readonly mayChangeMode: boolean
  /** True: its answers change nothing. */
  readonly isShadow: boolean
  /** Namespaces of dynamic metadata. */
  readonly readableMetadata: readonly string[]
  readonly writableMetadata: readonly string[]
}

/** What a service sees of requests or answers besides their headers. */
export interface ProcessedDirection {
  readonly body: 'none' | 'streamed' | 'buffered' | 'bufferedPartial' | 'fullDuplexStreamed'
  readonly trailers: boolean
  /** In the words of Envoy. */
  readonly attributes: readonly string[]
}

/** A WebAssembly module that speaks the ABI of proxy-wasm. */
export interface WasmExtension {
  readonly kind: 'wasm'
  readonly name: string
  readonly rootId: string
  /** Modules with the same code share a machine, and so its memory, only under the same name. */
  readonly machine: string
  readonly code: WasmCode
  readonly config?: string
  /** Variables of the proxy's environment that it sees, sorted. */
  readonly hostEnvironment: readonly string[]
  /** True: requests go on when it cannot run. */
  readonly failOpen: boolean
}

/** Where a proxy has a module from: its bytes, or a file on its disk. */
export type WasmCode = { readonly kind: 'inline'; readonly base64: string } | { readonly kind: 'file'; readonly path: string }

/** A shared library that proxies have on their disks. */
export interface DynamicModuleExtension {
  readonly kind: 'dynamicModule'
  readonly name: string
  readonly filterName: string
  readonly config?: string
  /** True: the module stays loaded. */
  readonly staysLoaded?: boolean
  /** True: modules that are loaded later can use its symbols. */
  readonly isGlobal?: boolean
  /** True: it answers all requests itself. */
  readonly isTerminal: boolean
}

/** Finds out where a client's address is. */
export interface GeoIp {
  /** Files of the proxy, by what they know. */
  readonly databases: Readonly<Partial<Record<'city' | 'country' | 'asn' | 'isp' | 'anonymous', string>>>
  /** Names of headers in lower case, by what they say. */
  readonly headers: Readonly<Partial<Record<GeoFact, string>>>
}

/** Something that is found out about an address. */
export type GeoFact =
  | 'country'
  | 'region'
  | 'city'
  | 'asn'
  | 'isp'
  | 'anonymous'
  | 'anonymousVpn'
  | 'anonymousHosting'
  | 'anonymousTor'
  | 'anonymousProxy'
