/** The rules that filters of all route kinds share: a filter has exactly the field that its type names, and some come once. */
import { rule } from '../schema/build.js'
import type { Channel, Rule } from '../schema/schema.js'

/** A filter as far as these rules look at it. */
interface AnyFilter {
  readonly type: string
}

/**
 * The two rules that bind a field to a value of `type`.
 *
 * @param field such as `requestMirror`
 * @param type such as `RequestMirror`
 */
export function fieldBelongsToType(field: string, type: string, options: { readonly channel?: Channel } = {}): readonly Rule[] {
  return [
    rule<AnyFilter>(
      `${kebab(field)}-only-for-its-type`,
      `!(has(self.${field}) && self.type != '${type}')`,
      `filter.${field} must be nil if the filter.type is not ${type}`,
      (self) => !(Object.hasOwn(self, field) && self.type !== type),
      options,
    ),
    rule<AnyFilter>(
      `${kebab(field)}-required-for-its-type`,
      `!(!has(self.${field}) && self.type == '${type}')`,
      `filter.${field} must be specified for ${type} filter.type`,
      (self) => Object.hasOwn(self, field) || self.type !== type,
      options,
    ),
  ]
}

/** The rule that a list has at most one filter of a type. */
export function notRepeated(type: string): Rule {
  return rule<readonly AnyFilter[]>(
    `${kebab(type)}-not-repeated`,
    `self.filter(f, f.type == '${type}').size() <= 1`,
    `${type} filter cannot be repeated`,
    (filters) => filters.filter((each) => each.type === type).length <= 1,
  )
}

function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1-$2')
    .toLowerCase()
}
