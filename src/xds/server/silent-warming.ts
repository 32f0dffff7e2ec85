/**
 * Whether a cluster warms by means that the server cannot see, read from its bytes without a decoder: that would make objects of every cluster
 * that is sent. Field numbers: envoy/config/cluster/v3/cluster.proto.
 */
import { Enum } from '../../gen/envoy/enums.js'
import { FieldReader, lengthDelimitedTag, varintTag } from './field-reader.js'

const { STRICT_DNS, LOGICAL_DNS } = Enum['envoy.config.cluster.v3.Cluster.DiscoveryType']
const TYPE = varintTag(2)
const HEALTH_CHECKS = lengthDelimitedTag(8)
const CLUSTER_TYPE = lengthDelimitedTag(38)
/** Of a CustomClusterType. */
const NAME = lengthDelimitedTag(1)

/** True for clusters that Envoy uses only after a DNS answer or a first round of health checks. */
export function warmsSilently(cluster: Buffer): boolean {
  try {
    return hasReason(cluster)
  } catch {
    return false // not a cluster at all: the proxy will say so
  }
}

function hasReason(cluster: Buffer): boolean {
  const reader = new FieldReader(cluster)
  while (reader.at < cluster.length) {
    const tag = reader.varint()
    if (tag === HEALTH_CHECKS) return true
    if (tag === TYPE) {
      const type = reader.varint()
      if (type === STRICT_DNS || type === LOGICAL_DNS) return true
    } else if (tag === CLUSTER_TYPE) {
      if (isByDns(reader)) return true
    } else reader.skip(tag)
  }
  return false
}

function isByDns(reader: FieldReader): boolean {
  const end = reader.end()
  while (reader.at < end) {
    const tag = reader.varint()
    if (tag !== NAME) reader.skip(tag)
    else if (reader.text().includes('dns')) return true
  }
  return false
}
