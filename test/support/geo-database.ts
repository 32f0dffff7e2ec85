/** A database in the format of MaxMind that says the same about every address. Source: "MaxMind DB File Format Specification" 2.0. */

/** Data as such databases hold it. */
export type GeoData = string | number | boolean | readonly GeoData[] | { readonly [key: string]: GeoData }

const MAP = 7
const ARRAY = 11
const TEXT = 2
const UINT32 = 6
const UINT64 = 9
const UINT16 = 5
const BOOLEAN = 14

/** The bytes of the database. */
export function geoDatabase(type: string, data: GeoData): Buffer {
  const nodeCount = 1
  // A record that is larger than the number of nodes points into the data, which begins 16 behind it.
  const record = Buffer.from([0, 0, nodeCount + 16])
  const metadata: Buffer[] = [
    header(MAP, 9),
    ...[
      ['binary_format_major_version', number(UINT16, 2)],
      ['binary_format_minor_version', number(UINT16, 0)],
      ['build_epoch', number(UINT64, 1)],
      ['database_type', encoded(type)],
      ['description', encoded({})],
      ['ip_version', number(UINT16, 4)],
      ['languages', encoded([])],
      ['node_count', number(UINT32, nodeCount)],
      ['record_size', number(UINT16, 24)],
    ].flatMap(([key, value]) => [encoded(key as string), value as Buffer]),
  ]
  return Buffer.concat([record, record, Buffer.alloc(16), encoded(data), Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1'), ...metadata])
}

function encoded(data: GeoData): Buffer {
  if (typeof data === 'string') return Buffer.concat([header(TEXT, Buffer.byteLength(data)), Buffer.from(data)])
  if (typeof data === 'number') return number(UINT32, data)
  if (typeof data === 'boolean') return header(BOOLEAN, data ? 1 : 0)
  if (isList(data)) return Buffer.concat([header(ARRAY, data.length), ...data.map(encoded)])
  const entries = Object.entries(data)
  return Buffer.concat([header(MAP, entries.length), ...entries.flatMap(([key, value]) => [encoded(key), encoded(value)])])
}

function isList(data: GeoData): data is readonly GeoData[] {
  return Array.isArray(data)
}

function number(type: number, value: number): Buffer {
  const bytes = Buffer.from(
    value === 0 ? '' : value.toString(16).padStart(value.toString(16).length + (value.toString(16).length % 2), '0'),
    'hex',
  )
  return Buffer.concat([header(type, bytes.length), bytes])
}

/** The type and the size; types above 7 stand in a byte of their own. Sizes up to 284 are enough here. */
function header(type: number, size: number): Buffer {
  const small = Math.min(size, 29)
  const rest = size < 29 ? [] : [size - 29]
  return Buffer.from(type <= 7 ? [(type << 5) | small, ...rest] : [small, type - 7, ...rest])
}
