/** Our own gRPC services, from what protobufjs knows of them. Types are made with the first message that needs them: most processes send none. */
import protobuf from 'protobufjs'
import { SERVICES_JSON } from '../gen/services.js'

/** A method as gRPC's servers and clients take it. */
export interface OwnMethod {
  readonly path: string
  readonly requestStream: boolean
  readonly responseStream: boolean
  readonly requestSerialize: (message: object) => Buffer
  readonly requestDeserialize: (bytes: Buffer) => object
  readonly responseSerialize: (message: object) => Buffer
  readonly responseDeserialize: (bytes: Buffer) => object
}

/** A service of `protos/headgate` by its full name. Throws for one that is not there. */
export function ownService(name: string): Readonly<Record<string, OwnMethod>> {
  return serviceOf(protobuf.Root.fromJSON(JSON.parse(SERVICES_JSON) as protobuf.INamespace), name)
}

/**
 * A service by its full name; throws for one that is not there. What comes in has all fields, enums by their names and numbers of 64 bits as
 * numbers; what goes out may lack any.
 */
export function serviceOf(root: protobuf.Root, name: string): Readonly<Record<string, OwnMethod>> {
  const service = root.lookupService(name)
  const methods = service.methodsArray.map((method) => {
    const [request, response] = [codec(service, method.requestType), codec(service, method.responseType)]
    return [
      method.name,
      {
        path: `/${name}/${method.name}`,
        requestStream: method.requestStream === true,
        responseStream: method.responseStream === true,
        requestSerialize: request.serialize,
        requestDeserialize: request.deserialize,
        responseSerialize: response.serialize,
        responseDeserialize: response.deserialize,
      },
    ] as const
  })
  return Object.fromEntries(methods)
}

function codec(service: protobuf.Service, name: string): { serialize(message: object): Buffer; deserialize(bytes: Buffer): object } {
  return {
    serialize: (message) => {
      const type = service.lookupType(name)
      // In Node its writer makes buffers.
      return type.encode(type.fromObject(message)).finish() as Buffer
    },
    deserialize: (bytes) => {
      const type = service.lookupType(name)
      return type.toObject(type.decode(bytes), { longs: Number, enums: String, defaults: true, arrays: true })
    },
  }
}
