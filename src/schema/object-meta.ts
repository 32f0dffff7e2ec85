/** The metadata of an object as people write it. Source: Kubernetes, `metav1.ObjectMeta` and its validation. */
import { check, mapOf, object, optional, required, string } from './build.js'
import type { KindDefinition } from './kind.js'
import { isQualifiedName } from './qualified-name.js'
import type { ObjectSchema, Rule, StringSchema } from './schema.js'

const MAX_ANNOTATIONS_BYTES = 256 * 1024
const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'

const SUBDOMAIN_NAME: StringSchema = string({
  minLength: 1,
  maxLength: 253,
  rules: [
    check<string>(
      'name-is-subdomain',
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com')",
      (name) => new RegExp(`^${LABEL}(\\.${LABEL})*$`).test(name),
    ),
  ],
})

const LABEL_NAME: StringSchema = string({
  minLength: 1,
  maxLength: 63,
  rules: [
    check<string>(
      'name-is-label',
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name')",
      (name) => new RegExp(`^${LABEL}$`).test(name),
    ),
  ],
})

const KEYS_ARE_QUALIFIED: Rule = check<Readonly<Record<string, string>>>(
  'keys-qualified',
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character, with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
  (self) => Object.keys(self).every((key) => isQualifiedName(key)),
)

const LABEL_VALUE: StringSchema = string({ maxLength: 63, pattern: '^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$' })

/** The schema of `metadata` of a kind; the names of Services and Namespaces are single labels, all others are subdomains. */
export function objectMetaSchema(kind: Pick<KindDefinition, 'kind' | 'namespaced'>): ObjectSchema {
  const name = kind.kind === 'Service' || kind.kind === 'Namespace' ? LABEL_NAME : SUBDOMAIN_NAME
  return object(
    'ObjectMeta',
    'Names an object.',
    {
      name: required(name, 'Name of the object, unique within its kind and namespace.'),
      ...(kind.namespaced ? { namespace: optional(LABEL_NAME, 'Namespace of the object.') } : {}),
      labels: optional(mapOf(LABEL_VALUE, { rules: [KEYS_ARE_QUALIFIED] }), 'What selectors look at.'),
      annotations: optional(
        mapOf(string(), {
          rules: [
            check<Readonly<Record<string, string>>>('annotation-keys-qualified', KEYS_ARE_QUALIFIED.message, (self) =>
              Object.keys(self).every((key) => isQualifiedName(key.toLowerCase())),
            ),
            check<Readonly<Record<string, string>>>(
              'annotations-small',
              `may not have more than ${MAX_ANNOTATIONS_BYTES} bytes in all`,
              (self) => Object.entries(self).reduce((sum, [key, value]) => sum + key.length + value.length, 0) <= MAX_ANNOTATIONS_BYTES,
            ),
          ],
        }),
        'Anything else that tools want to keep.',
      ),
      creationTimestamp: optional(string({ format: 'date-time' }), 'When the object was made.'),
    },
    {
      ignored: [
        'deletionGracePeriodSeconds',
        'deletionTimestamp',
        'finalizers',
        'generateName',
        'generation',
        'managedFields',
        ...(kind.namespaced ? [] : ['namespace']),
        'ownerReferences',
        'resourceVersion',
        'selfLink',
        'uid',
      ],
    },
  )
}
