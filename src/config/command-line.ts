/** The command line of `headgate`: options, their help, and the checked configuration that comes out. */
import { Command, CommanderError } from 'commander'
import { addCommonOptions, type CommonOptions, commonConfig } from './common-options.js'
import type { Config } from './config.js'
import { addKubernetesOptions, KUBERNETES_GROUP, type KubernetesOptions, kubernetesConfig } from './kubernetes-options.js'
import { addStandaloneOptions, STANDALONE_GROUP, type StandaloneOptions, standaloneConfig } from './standalone-options.js'
import type { CommandLineSurroundings } from './surroundings.js'
import { headgateVersion } from './version.js'

/** What to do after reading the command line. */
export type CommandLine =
  | { readonly kind: 'run'; readonly config: Config }
  /** Help or version was printed (0), or the usage was wrong and that was said (2). */
  | { readonly kind: 'exit'; readonly code: number }

/** Reads the arguments behind the program's name. */
export function readCommandLine(args: readonly string[], surroundings: CommandLineSurroundings): CommandLine {
  const command = headgateCommand()
  command.configureOutput({ writeOut: surroundings.writeOut, writeErr: surroundings.writeError })
  try {
    command.parse([...args], { from: 'user' })
    return { kind: 'run', config: configOf(command, surroundings) }
  } catch (error) {
    if (error instanceof CommanderError) return { kind: 'exit', code: error.exitCode === 0 ? 0 : 2 }
    throw error
  }
}

/** The command itself: for `--help`, the reference in the docs, and shell completion. */
export function headgateCommand(): Command {
  const command = new Command('headgate')
    .description(
      'A control plane for the Kubernetes Gateway API: it turns Gateways and routes into configuration for Envoy and streams it to them.',
    )
    .version(headgateVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .allowExcessArguments(false)
    .showHelpAfterError('(headgate --help lists all options)')
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  return addKubernetesOptions(addStandaloneOptions(addCommonOptions(command)))
}

const EXAMPLES = `
Ports below 1024 need no root: with files, 80 is served on 8080, 443 on 8443, and so on. The first Gateway by
name listens on 127.0.0.1, each further one on 127.0.0.2, 127.0.0.3, ..., unless its spec.addresses asks for
another address that begins with 127. A port that another program has goes 10000 higher until the next start.
gatewayctl status shows them all.

Examples:
  headgate                                    the quickstart, with a local Envoy and a demo backend
  headgate --resources ./gateway              your own folder
  headgate -r . --listen-offset 100           a second Headgate beside another one (80 is served on 8180)
           --xds-port 18100 --admin-port 19100
  headgate -r . --no-envoy                    only the control plane
  headgate --provider kubernetes              with the cluster of your kubeconfig
  headgate --provider kubernetes --watch-namespaces web,shop
`

function configOf(command: Command, surroundings: CommandLineSurroundings): Config {
  const options = command.opts<CommonOptions & StandaloneOptions & KubernetesOptions>()
  const isKubernetes = options.provider === 'kubernetes'
  if (isKubernetes) refuse(command, STANDALONE_GROUP, '--provider file')
  else refuse(command, KUBERNETES_GROUP, '--provider kubernetes')
  const common = commonConfig(options, command, surroundings.workingFolder)
  return isKubernetes
    ? { ...common, ...kubernetesConfig(options, surroundings) }
    : { ...common, ...standaloneConfig(options, command, surroundings) }
}

/** An option of the other way of running would be ignored: that is said, not done. */
function refuse(command: Command, group: string, needed: string): void {
  const ofGroup = command.options.filter((option) => option.helpGroupHeading === group)
  const isGiven = (name: string): boolean => command.getOptionValueSource(name) === 'cli'
  const given = ofGroup.find(
    (option) => isGiven(option.attributeName()) && option.negate === (command.getOptionValue(option.attributeName()) === false),
  )
  if (given !== undefined) command.error(`error: ${given.long} is for ${needed}`)
}
