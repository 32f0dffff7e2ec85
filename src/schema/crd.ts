/** Writes the CustomResourceDefinition of a kind. */
import type { JsonObject } from './json.js'
import { type KindDefinition, schemaOfVersion } from './kind.js'
import { kindToOpenApi } from './openapi.js'

/** The CustomResourceDefinition that makes the API server take objects of the kind, and refuse what `validate.ts` refuses. */
export function customResourceDefinition(kind: KindDefinition): JsonObject {
  const singular = kind.kind.toLowerCase()
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${kind.plural}.${kind.group}`,
      ...(kind.policy === undefined ? {} : { labels: { 'gateway.networking.k8s.io/policy': kind.policy } }),
    },
    spec: {
      group: kind.group,
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular,
        ...(kind.shortNames === undefined ? {} : { shortNames: kind.shortNames }),
        categories: ['gateway-api', 'headgate'],
      },
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      versions: kind.versions.map((version) => ({
        name: version,
        served: true,
        storage: version === (kind.storageVersion ?? kind.versions[0]),
        ...(kind.hasStatus ? { subresources: { status: {} } } : {}),
        ...(kind.columns === undefined ? {} : { additionalPrinterColumns: kind.columns.map((column) => ({ ...column })) }),
        schema: { openAPIV3Schema: kindToOpenApi(schemaOfVersion(kind, version)) },
      })),
    },
  }
}
