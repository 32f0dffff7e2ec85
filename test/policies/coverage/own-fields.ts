/** Which paths our kinds have: read from their schemas. */
import { KINDS } from '../../../src/kinds/index.js'
import type { Schema } from '../../../src/schema/schema.js'

/** `Kind path` of every field below `spec` of our own kinds, objects and what is in them. Overrides repeat what stands beside them. */
export function ownFields(): ReadonlySet<string> {
  return new Set(
    KINDS.filter(({ isOwn }) => isOwn).flatMap(({ kind, schema }) => {
      const spec = schema.fields.spec?.schema
      return spec === undefined ? [] : below(spec, '').map((path) => `${kind} ${path}`)
    }),
  )
}

function below(schema: Schema, path: string): string[] {
  if (schema.type === 'array') return below(schema.items, path)
  if (schema.type !== 'object') return []
  return Object.entries(schema.fields)
    .filter(([name]) => path !== '' || name !== 'overrides')
    .flatMap(([name, field]) => {
      const at = path === '' ? name : `${path}.${name}`
      return [at, ...below(field.schema, at)]
    })
}
