/** Dumped Envoy resources as tables: what one looks for, not everything that is there (`-o yaml` has that). */
import { X509Certificate } from 'node:crypto'
import type { DumpedResource, DumpSection } from '../../admin/dump.js'
import { type Column, printTable } from './table.js'

type Json = Readonly<Record<string, unknown>>

/** The table of one section. */
export function printDumpTable(section: DumpSection, resources: readonly DumpedResource[]): string {
  switch (section) {
    case 'listeners':
      return printTable(LISTENERS, resources, 'There is no listener.')
    case 'routes':
      return printTable(ROUTES, resources.flatMap(routeRows), 'There is no route.')
    case 'clusters':
      return printTable(CLUSTERS, resources, 'There is no cluster.')
    case 'endpoints':
      return printTable(ENDPOINTS, resources.flatMap(endpointRows), 'There is no endpoint.')
    case 'secrets':
      return printTable(SECRETS, resources, 'There is no secret.')
    case 'extensions':
      return printTable([NAME, TYPE, FROM], resources, 'There is no extension.')
  }
}

const NAME: Column<DumpedResource> = { title: 'NAME', cell: ({ name }) => name }
const TYPE: Column<DumpedResource> = { title: 'TYPE', cell: ({ type }) => lastWord(type) }
const FROM: Column<DumpedResource> = { title: 'FROM', cell: ({ origins }) => shortList(origins) }

const LISTENERS: readonly Column<DumpedResource>[] = [
  NAME,
  {
    title: 'ADDRESS',
    cell: ({ value }) =>
      [record(value).address, ...list(record(value).additionalAddresses).map((each) => record(each).address)].map(printAddress).join(', '),
  },
  { title: 'CHAINS', cell: ({ value }) => printChains(record(value)) },
  FROM,
]

const CLUSTERS: readonly Column<DumpedResource>[] = [
  NAME,
  { title: 'TYPE', cell: ({ value }) => text(record(value).type) || lastWord(text(record(record(value).clusterType).name)) || 'STATIC' },
  {
    title: 'TLS',
    cell: ({ value }) => (record(value).transportSocket === undefined && record(value).transportSocketMatches === undefined ? 'no' : 'yes'),
  },
  FROM,
]

const SECRETS: readonly Column<DumpedResource>[] = [
  NAME,
  { title: 'KIND', cell: ({ value }) => secretKind(record(value)) },
  { title: 'NAMES', cell: ({ value }) => certificateOf(record(value))?.subjectAltName?.replaceAll('DNS:', '') ?? '' },
  { title: 'EXPIRES', cell: ({ value }) => certificateOf(record(value))?.validTo ?? '' },
  FROM,
]

interface RouteRow {
  readonly table: string
  readonly host: string
  readonly match: string
  readonly to: string
  readonly from: string
}

const ROUTES: readonly Column<RouteRow>[] = [
  { title: 'TABLE', cell: ({ table }) => table },
  { title: 'HOST', cell: ({ host }) => host },
  { title: 'MATCH', cell: ({ match }) => match },
  { title: 'TO', cell: ({ to }) => to },
  { title: 'NAME', cell: ({ from }) => from },
]

interface EndpointRow {
  readonly cluster: string
  readonly address: string
  readonly health: string
  readonly weight: string
  readonly zone: string
}

const ENDPOINTS: readonly Column<EndpointRow>[] = [
  { title: 'CLUSTER', cell: ({ cluster }) => cluster },
  { title: 'ADDRESS', cell: ({ address }) => address },
  { title: 'HEALTH', cell: ({ health }) => health },
  { title: 'WEIGHT', cell: ({ weight }) => weight },
  { title: 'ZONE', cell: ({ zone }) => zone },
]

/** One row per route of a route configuration, a scope with an inline one, or a virtual host of its own. */
function routeRows({ name, value }: DumpedResource): readonly RouteRow[] {
  const resource = record(value)
  const configuration = resource.routeConfiguration === undefined ? resource : record(resource.routeConfiguration)
  const hosts =
    configuration.virtualHosts === undefined && configuration.domains !== undefined ? [configuration] : list(configuration.virtualHosts)
  return hosts.map(record).flatMap((host) =>
    list(host.routes)
      .map(record)
      .map((route) => ({
        table: name,
        host: shortList(list(host.domains).map(text)),
        match: printMatch(record(route.match)),
        to: printTarget(route),
        from: text(route.name),
      })),
  )
}

function endpointRows({ name, value }: DumpedResource): readonly EndpointRow[] {
  return list(record(value).endpoints)
    .map(record)
    .flatMap((locality) =>
      list(locality.lbEndpoints)
        .map(record)
        .map((each) => ({
          cluster: name,
          address: printAddress(record(each.endpoint).address),
          health: text(each.healthStatus) || 'HEALTHY',
          weight: String(each.loadBalancingWeight ?? 1),
          zone: text(record(locality.locality).zone),
        })),
    )
}

function printChains(listener: Json): string {
  const chains = [...list(listener.filterChains), ...(listener.defaultFilterChain === undefined ? [] : [listener.defaultFilterChain])].map(
    record,
  )
  return chains
    .map((chain) => {
      const names = list(record(chain.filterChainMatch).serverNames).map(text)
      const tls = chain.transportSocket === undefined ? '' : 'TLS '
      return `${tls}${names.length === 0 ? 'any' : shortList(names)}`
    })
    .join('; ')
}

function printMatch(match: Json): string {
  const regex = record(match.safeRegex).regex
  const path =
    text(match.path) ||
    text(match.pathSeparatedPrefix && `${text(match.pathSeparatedPrefix)}/*`) ||
    text(match.prefix && `${text(match.prefix)}*`) ||
    (regex === undefined ? '' : `~${text(regex)}`)
  const headers = list(match.headers).map((header) => text(record(header).name))
  const parameters = list(match.queryParameters).map((parameter) => `?${text(record(parameter).name)}`)
  return [path, ...headers, ...parameters].filter((part) => part !== '').join(' ')
}

function printTarget(route: Json): string {
  if (route.redirect !== undefined) return 'redirect'
  if (route.directResponse !== undefined) return `answer ${String(record(route.directResponse).status ?? '')}`
  const action = record(route.route)
  const weighted = list(record(action.weightedClusters).clusters).map(record)
  if (weighted.length > 0) return weighted.map(({ name, weight }) => `${text(name)} (${String(weight ?? 0)})`).join(', ')
  return text(action.cluster) || text(action.clusterHeader)
}

function printAddress(address: unknown): string {
  const { socketAddress, pipe, envoyInternalAddress } = record(address)
  if (pipe !== undefined) return text(record(pipe).path)
  if (envoyInternalAddress !== undefined) return 'internal'
  const { address: host, portValue, protocol } = record(socketAddress)
  const name = text(host).includes(':') ? `[${text(host)}]` : text(host)
  return `${name}:${String(portValue ?? 0)}${protocol === 'UDP' ? '/udp' : ''}`
}

function secretKind(secret: Json): string {
  if (secret.tlsCertificate !== undefined) return 'certificate'
  if (secret.validationContext !== undefined) return 'authorities'
  return secret.sessionTicketKeys === undefined ? 'generic' : 'session tickets'
}

function certificateOf({ tlsCertificate, validationContext }: Json): X509Certificate | undefined {
  const source = record(record(tlsCertificate).certificateChain ?? record(validationContext).trustedCa)
  const pem = text(source.inlineString) || Buffer.from(text(source.inlineBytes), 'base64').toString()
  try {
    return pem === '' ? undefined : new X509Certificate(pem)
  } catch {
    return undefined
  }
}

const MOST_LISTED = 3

function shortList(items: readonly string[]): string {
  return items.length <= MOST_LISTED ? items.join(', ') : `${items.slice(0, MOST_LISTED).join(', ')} and ${items.length - MOST_LISTED} more`
}

const lastWord = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

const record = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {})

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
