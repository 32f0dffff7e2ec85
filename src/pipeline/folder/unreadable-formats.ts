/**
 * Formats and expressions of access logs and traces that an Envoy will refuse. In a running Headgate it says so itself, and the status has its
 * words; who translates files has none to ask.
 */
import type { Problem } from '../../admin/sources.js'
import { celSyntaxProblem } from '../../gatewayapi/policies/cel-expression.js'
import { type FormatProblem, formatProblem } from '../../gatewayapi/telemetry/format-problem.js'
import type { AccessLogFormat, GatewayAccessLog, SpanTag } from '../../gen/kinds.js'
import type { KubeObject } from '../../provider/provider.js'
import type { ResourceStore } from '../../store/resource-store.js'
import { describeObject, objectVersion } from '../../util/object-ref.js'

/** An error for each that any Envoy refuses, a warning for each that a newer one may know. */
export function unreadableFormats(store: ResourceStore): readonly Problem[] {
  return store.list('GatewayConfig').flatMap((each) => {
    const { accessLogs = [], tracing } = each.spec
    const ofLogs = accessLogs.flatMap((log, at) => logProblems(log).map((found) => under(`spec.accessLogs[${at}]`, found)))
    return toProblems(each, [...ofLogs, ...spanProblems(tracing ?? {}).map((found) => under('spec.tracing', found))])
  })
}

interface Found extends FormatProblem {
  readonly path: string
}

function logProblems({ format, expressions = [], sink }: GatewayAccessLog): readonly Found[] {
  return [
    ...(format === undefined ? [] : formatsOf(format)).flatMap(([path, text]) => check(path, text)),
    ...expressions.flatMap((text, at): readonly Found[] => {
      const message = celSyntaxProblem(text)
      return message === undefined ? [] : [{ path: `.expressions[${at}]`, isSure: true, message: `it is no CEL: ${message}` }]
    }),
    ...Object.entries(sink?.openTelemetry?.attributes ?? {}).flatMap(([name, text]) =>
      check(`.sink.openTelemetry.attributes.${name}`, text),
    ),
  ]
}

function formatsOf({ text, json = {} }: AccessLogFormat): readonly (readonly [path: string, text: string])[] {
  return [
    ...(text === undefined ? [] : [['.format.text', text] as const]),
    ...Object.entries(json).map(([name, field]) => [`.format.json.${name}`, field] as const),
  ]
}

function spanProblems(spans: {
  readonly spanName?: string
  readonly upstreamSpanName?: string
  readonly tags?: readonly SpanTag[]
}): readonly Found[] {
  const names = (['spanName', 'upstreamSpanName'] as const).flatMap((field) => check(`.${field}`, spans[field]))
  return [...names, ...(spans.tags ?? []).flatMap(({ value }, at) => check(`.tags[${at}].value`, value))]
}

function check(path: string, text: string | undefined): readonly Found[] {
  const problem = text === undefined ? undefined : formatProblem(text)
  return problem === undefined ? [] : [{ ...problem, path }]
}

function under(path: string, found: Found): Found {
  return { ...found, path: `${path}${found.path}` }
}

function toProblems(object: KubeObject, all: readonly Found[]): readonly Problem[] {
  const ref = objectVersion(object)
  return all.map(({ path, isSure, message }) => ({
    severity: isSure ? 'error' : 'warning',
    where: describeObject(ref),
    message: `${path}: ${message}`,
    object: ref,
  }))
}
