/** Access logs as somebody asks for them: formats, filters and where entries go. */
import { Enum } from '../../../gen/envoy/enums.js'
import type { envoy, google } from '../../../gen/envoy/types.js'
import type { AccessLogFormat, AccessLogSubject, AccessLog as IrAccessLog } from '../../../ir/telemetry.js'
import { any, duration } from '../../message.js'
import { fraction } from '../fraction.js'
import { grpcCollector, keyValues } from './collector.js'

type AccessLog = envoy.config.accesslog.v3.AccessLog
type AccessLogFilter = envoy.config.accesslog.v3.AccessLogFilter

/** The fields of an entry, by their names, where the log has no format of its own. */
export type DefaultFields = Readonly<Record<AccessLogSubject, Readonly<Record<string, string>>>>

/** Entries are sent together for so long: a collector that counts wants them soon. */
const FLUSH_MS = 1_000

/** The operator that formats may use beside those that Envoy has by itself, which CEL and METADATA are: it warns of each that is named anew. */
const FORMATTERS: readonly envoy.config.core.v3.TypedExtensionConfig[] = [
  {
    name: 'envoy.formatter.req_without_query',
    typedConfig: any('envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery', {}),
  },
]

/**
 * Of the connections that a listener has seen: nobody has the server name (`NR`), or the handshake failed. Others become requests or
 * forwarded bytes, which have logs of their own. One that is opened and closed without a byte, as load balancers do, is neither.
 */
export const FAILED_HANDSHAKE: AccessLogFilter = {
  orFilter: {
    filters: [{ responseFlagFilter: { flags: ['NR'] } }, expressionFilter("connection.transport_failure_reason != ''")],
  },
}

/** One access log. */
export function accessLogOf(of: AccessLogSubject, log: IrAccessLog, fields: DefaultFields): AccessLog {
  return { ...filters(of, log), ...logger(of, log, fields[of]) }
}

function logger(of: AccessLogSubject, { format, sink }: IrAccessLog, fields: Readonly<Record<string, string>>): AccessLog {
  switch (sink.kind) {
    case 'stdout':
      return {
        name: 'envoy.access_loggers.stdout',
        typedConfig: any('envoy.extensions.access_loggers.stream.v3.StdoutAccessLog', { logFormat: formatString(format, fields) }),
      }
    case 'file':
      return {
        name: 'envoy.access_loggers.file',
        typedConfig: any('envoy.extensions.access_loggers.file.v3.FileAccessLog', {
          path: sink.path,
          logFormat: formatString(format, fields),
        }),
      }
    case 'openTelemetry': {
      const json = format?.kind === 'text' ? {} : (format?.fields ?? fields)
      return {
        name: 'envoy.access_loggers.open_telemetry',
        typedConfig: any('envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig', {
          // Part of the resource; its name in the conventions is said by resourceAttributes.
          logName: 'headgate',
          grpcService: grpcCollector(sink.collector),
          bufferFlushInterval: duration(FLUSH_MS),
          ...(format?.kind === 'text' ? { body: { stringValue: format.text } } : {}),
          attributes: keyValues({ ...json, ...sink.attributes }),
          resourceAttributes: keyValues(sink.resourceAttributes),
          formatters: FORMATTERS,
        }),
      }
    }
    case 'grpc': {
      const commonConfig = {
        logName: sink.logName,
        grpcService: grpcCollector(sink.collector),
        transportApiVersion: Enum['envoy.config.core.v3.ApiVersion'].V3,
        bufferFlushInterval: duration(FLUSH_MS),
      }
      return of === 'request'
        ? {
            name: 'envoy.access_loggers.http_grpc',
            typedConfig: any('envoy.extensions.access_loggers.grpc.v3.HttpGrpcAccessLogConfig', {
              commonConfig,
              additionalRequestHeadersToLog: sink.requestHeaders,
              additionalResponseHeadersToLog: sink.responseHeaders,
            }),
          }
        : {
            name: 'envoy.access_loggers.tcp_grpc',
            typedConfig: any('envoy.extensions.access_loggers.grpc.v3.TcpGrpcAccessLogConfig', { commonConfig }),
          }
    }
  }
}

function filters(of: AccessLogSubject, { expressions, share }: IrAccessLog): Pick<AccessLog, 'filter'> {
  const all: AccessLogFilter[] = [
    ...(of === 'handshake' ? [FAILED_HANDSHAKE] : []),
    ...expressions.map(expressionFilter),
    // The key names a runtime value that nobody sets.
    ...(share === undefined
      ? []
      : [{ runtimeFilter: { runtimeKey: 'headgate.access_log', percentSampled: fraction(share), useIndependentRandomness: true } }]),
  ]
  const [first] = all
  if (first === undefined) return {}
  return { filter: all.length === 1 ? first : { andFilter: { filters: all } } }
}

function expressionFilter(expression: string): AccessLogFilter {
  return {
    extensionFilter: {
      name: 'envoy.access_loggers.extension_filters.cel',
      typedConfig: any('envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter', { expression }),
    },
  }
}

function formatString(
  format: AccessLogFormat | undefined,
  fields: Readonly<Record<string, string>>,
): envoy.config.core.v3.SubstitutionFormatString {
  if (format?.kind === 'text') {
    const text = format.text.endsWith('\n') ? format.text : `${format.text}\n`
    return { textFormatSource: { inlineString: text }, formatters: FORMATTERS }
  }
  if (format === undefined) return { jsonFormat: struct(fields), omitEmptyValues: true, formatters: FORMATTERS }
  return { jsonFormat: struct(format.fields), formatters: FORMATTERS }
}

function struct(fields: Readonly<Record<string, string>>): google.protobuf.Struct {
  return { fields: Object.fromEntries(Object.entries(fields).map(([name, stringValue]) => [name, { stringValue }])) }
}
