/** Names that a certificate carries. Source: Gateway API v1.7.0, `SubjectAltName`. */
import type { SubjectAltName } from '../gen/kinds.js'
import { object, oneOf, optional, required, rule } from '../schema/build.js'
import type { ObjectSchema, Rule } from '../schema/schema.js'
import { absoluteUri, hostname } from './strings.js'

/** A name that a certificate must carry. */
export const subjectAltName: ObjectSchema = object(
  'SubjectAltName',
  'A name that a certificate must carry.',
  {
    type: required(oneOf(['Hostname', 'URI'], { name: 'SubjectAltNameType' }), 'What the name is.'),
    hostname: optional(hostname, 'A DNS name, for `type: Hostname`.'),
    uri: optional(absoluteUri, 'A URI such as a SPIFFE ID, for `type: URI`.'),
  },
  { rules: [...fieldFollowsType('hostname', 'Hostname'), ...fieldFollowsType('uri', 'URI')] },
)

function fieldFollowsType(field: 'hostname' | 'uri', type: SubjectAltName['type']): readonly Rule[] {
  return [
    rule<SubjectAltName>(
      `${field}-name-has-${field}`,
      `!(self.type == "${type}" && (!has(self.${field}) || self.${field} == ""))`,
      `SubjectAltName element must contain ${type}, if Type is set to ${type}`,
      (self) => self.type !== type || (self[field] ?? '') !== '',
    ),
    rule<SubjectAltName>(
      `${field}-only-for-${field}-name`,
      `!(self.type != "${type}" && has(self.${field}) && self.${field} != "")`,
      `SubjectAltName element must not contain ${type}, if Type is not set to ${type}`,
      (self) => self.type === type || (self[field] ?? '') === '',
    ),
  ]
}
