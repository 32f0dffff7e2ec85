/** Names of routes in Envoy, as people read them. Source: docs/reference/names.md, "Routes". */

/** Where a route of Envoy comes from. */
export interface RoutePlace {
  /** `<Kind>/<namespace>/<name>` of the route object. */
  readonly object: string
  /** Positions in `spec.rules`, and in the `matches` of the rule. */
  readonly rule: number
  readonly match: number
}

/** The parts of `<Kind>/<namespace>/<name>/rule/<index>/match/<index>`; undefined for any other name. */
export function parseRouteName(name: string): RoutePlace | undefined {
  const [, object, rule, match] = /^([^/]+\/[^/]+\/[^/]+)\/rule\/(\d+)\/match\/(\d+)$/.exec(name) ?? []
  return object === undefined ? undefined : { object, rule: Number(rule), match: Number(match) }
}

/** A route of Envoy by the object and the field that it comes from. */
export function describeRouteName(name: string): string {
  const place = parseRouteName(name)
  return place === undefined ? name : `${place.object} spec.rules[${place.rule}].matches[${place.match}]`
}
