/** `gatewayctl get policies --for httproute/x`: what policies come to for a route, field by field, and which policy says each. */
import type { EffectiveField } from '../../gatewayapi/policies/effective-report.js'
import { REQUEST_KINDS } from '../../gatewayapi/routes/any-route.js'
import { CliError, EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import { matchesObject, type ObjectName } from '../object-name.js'
import { printValue } from '../output/print.js'
import type { Style } from '../output/style.js'
import { printTable } from '../output/table.js'

/** Whose policies. */
export interface GetPoliciesOptions extends OutputOptions {
  readonly for: ObjectName
  readonly namespace: string
}

/** Prints the fields. The exit code is 3 where a policy cannot be used, and for a route that nobody knows. */
export async function getPoliciesCommand(context: CliContext, options: GetPoliciesOptions): Promise<number> {
  const { kind, name, namespace = options.namespace } = options.for
  if (name === undefined) throw new CliError('--for takes KIND/NAME or KIND/NAMESPACE/NAME, such as httproute/www.', EXIT.usage)
  if (!REQUEST_KINDS.some((each) => each.toLowerCase() === kind))
    throw new CliError(
      `policies come together for rules of HTTPRoutes and GRPCRoutes: what is about a ${kind}, the status of each policy says (gatewayctl status).`,
      EXIT.usage,
    )
  const fields = await context.client.effectivePolicies(`${kind}/${namespace}/${name}`)
  const isKnown = fields.length > 0 || (await hasStatus(context, { kind, namespace, name }))
  const route = `${kind}/${namespace}/${name}`
  const nothing = isKnown ? `No policy says anything about ${route}.` : `There is no ${route} that a Gateway of Headgate serves.`
  context.out(printValue(options.output, fields, () => printFields(fields, nothing, context.style)))
  return !isKnown || fields.some(({ state }) => state === 'broken') ? EXIT.findings : EXIT.ok
}

async function hasStatus({ client }: CliContext, name: ObjectName): Promise<boolean> {
  const { objects } = await client.status()
  return objects.some(({ object }) => matchesObject(name, object))
}

function printFields(fields: readonly EffectiveField[], nothing: string, style: Style): string {
  return printTable(
    [
      {
        title: 'GATEWAY',
        cell: ({ gateway, listener }: EffectiveField) => (listener === undefined ? gateway : `${gateway} (${listener})`),
      },
      { title: 'RULE', cell: ({ rule }) => rule ?? '*' },
      { title: 'FIELD', cell: ({ kind, field }) => (field === '' ? kind : `${kind} ${field}`) },
      { title: 'VALUE', cell: ({ value }) => (value === undefined ? '' : shortened(JSON.stringify(value))) },
      { title: 'FROM', cell: ({ policy }) => policy.slice(policy.indexOf('/') + 1) },
      { title: 'STATE', cell: (field) => stateOf(field, style) },
    ],
    fields,
    nothing,
  )
}

function stateOf({ state, winner, exceptRules }: EffectiveField, style: Style): string {
  switch (state) {
    case 'counts':
      return (
        style.good('counts') +
        (exceptRules.length === 0 ? '' : `, but not for spec.rules[${exceptRules.join(', ')}], which say it themselves`)
      )
    case 'overrides':
      return style.good('counts, nothing further inside can change it')
    case 'lost':
      return style.waiting(`decided by ${winner ?? 'another policy'}`)
    case 'broken':
      return style.bad('cannot be used: gatewayctl status says why')
  }
}

const MOST_CHARACTERS = 80

function shortened(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
}
