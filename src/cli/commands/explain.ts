/** `gatewayctl explain URL`: what becomes of a request, and why. */
import type { PlacedExplanation } from '../../admin/explain.js'
import type { StatusReport } from '../../admin/sources.js'
import type { Explanation, Outcome } from '../../explain/explanation.js'
import type { Question } from '../../explain/question.js'
import { parseRouteName } from '../../explain/route-name.js'
import type { EffectiveField } from '../../gatewayapi/policies/effective-report.js'
import type { ProxyDelivery } from '../../xds/delivery.js'
import { EXIT } from '../cli-error.js'
import type { CliContext, OutputOptions } from '../context.js'
import type { ExplainedRequest } from '../explained-request.js'
import { printExplanation } from '../output/explanation.js'
import { printValue } from '../output/print.js'
import type { RequestUrl } from '../read-request.js'
import { translateFiles } from '../translate-files.js'
import { errorComplaints, unservedComplaints } from '../unserved.js'

/** What is asked, and where. */
export interface ExplainOptions extends OutputOptions {
  readonly request: string
  readonly header: Question['headers']
  readonly gateway?: string
  readonly from?: string
  /** Files and folders to translate instead of asking a running Headgate; empty: ask. */
  readonly file: readonly string[]
  /** Of files: the controller that GatewayClasses name. */
  readonly controllerName?: string
}

/** Who can be asked: a running Headgate, or files. */
interface Source {
  explain(question: Question): Promise<readonly PlacedExplanation[]>
  effectivePolicies(route: string): Promise<readonly EffectiveField[]>
  proxies(): Promise<readonly ProxyDelivery[]>
  report(): Promise<StatusReport>
}

/** Prints an explanation for each listener that may be meant. The exit code is 3 where a request gets nowhere. */
export async function explainCommand(context: CliContext, url: RequestUrl, options: ExplainOptions): Promise<number> {
  const source = options.file.length === 0 ? running(context) : await offline(options, context)
  const question: Question = {
    ...url,
    method: options.request,
    headers: options.header,
    ...(options.gateway === undefined ? {} : { gateway: options.gateway }),
    ...(options.from === undefined ? {} : { from: options.from }),
  }
  const proxies = await source.proxies()
  const explanations = await source.explain(question)
  const isAllServed = explanations.length > 0 && explanations.every(({ outcomes }) => outcomes.every(isServed))
  const report = isAllServed ? NOTHING_WRONG : await source.report()
  const explained: ExplainedRequest[] = []
  for (const each of explanations) {
    const [because, unserved] = [errorComplaints(each, report), unservedComplaints(question, each, report)]
    const policies = await policiesOf(each, source)
    explained.push({ ...each, policies, proxies: proxies.filter(({ group }) => group === each.group), because, unserved })
  }
  context.out(printValue(options.output, explained, () => printExplanation(question, explained, report, context.style)))
  return explained.some(({ outcomes }) => outcomes.every(isServed)) ? EXIT.ok : EXIT.findings
}

const NOTHING_WRONG: StatusReport = { objects: [], listeners: [], problems: [] }

/** True where a route says what happens, and it can. */
function isServed(outcome: Outcome): boolean {
  switch (outcome.does) {
    case 'close':
    case 'drop':
      return false
    case 'answer':
      return outcome.route !== undefined && outcome.status < 500
    case 'redirect':
      return outcome.route !== undefined
    case 'forward':
    case 'stream':
      return true
  }
}

/** Fields that hold for the rule: where chance decides, it does so between backends of one. */
async function policiesOf({ outcomes, gateways }: Explanation, source: Source): Promise<readonly EffectiveField[]> {
  const [place] = outcomes.flatMap(({ route }) => (route === undefined ? [] : (parseRouteName(route) ?? [])))
  if (place === undefined) return []
  const fields = await source.effectivePolicies(place.object)
  return fields.filter(
    ({ gateway, state, rules, exceptRules }) =>
      gateways.includes(gateway) && state !== 'lost' && rules.includes(place.rule) && !exceptRules.includes(place.rule),
  )
}

function running({ client }: CliContext): Source {
  return {
    explain: (question) => client.explain(question),
    effectivePolicies: (route) => client.effectivePolicies(route),
    proxies: async () => (await client.proxies()).found,
    report: () => client.status(),
  }
}

async function offline({ file, controllerName }: ExplainOptions, { workingFolder }: CliContext): Promise<Source> {
  const translated = await translateFiles({ names: file, workingFolder, ...(controllerName === undefined ? {} : { controllerName }) })
  return {
    explain: (question) => translated.explain(question),
    effectivePolicies: async (route) => translated.effectivePolicies(route),
    proxies: async () => [],
    report: async () => translated,
  }
}
