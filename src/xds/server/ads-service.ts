/**
 * The two methods of envoy.service.discovery.v3.AggregatedDiscoveryService. Messages pass as bytes: responses are assembled from
 * encoded parts, and a request that cannot be decoded ends its own stream with a message of ours.
 */
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'

const passThrough = (bytes: Buffer): Buffer => bytes

function method(name: string): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/envoy.service.discovery.v3.AggregatedDiscoveryService/${name}`,
    requestStream: true,
    responseStream: true,
    requestSerialize: passThrough,
    requestDeserialize: passThrough,
    responseSerialize: passThrough,
    responseDeserialize: passThrough,
  }
}

/** The service, for servers and for clients that bring their own codec. */
export const ADS_SERVICE: ServiceDefinition = {
  DeltaAggregatedResources: method('DeltaAggregatedResources'),
  StreamAggregatedResources: method('StreamAggregatedResources'),
}
