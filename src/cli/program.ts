/** The command tree of `gatewayctl`: what there is, what it takes, and what its help teaches. */
import { isIP } from 'node:net'
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { AdminClient, DEFAULT_SERVER } from './admin-client.js'
import { DUMP_SECTIONS, dumpCommand } from './commands/dump.js'
import { explainCommand } from './commands/explain.js'
import { getPoliciesCommand } from './commands/get-policies.js'
import { historyCommand } from './commands/history.js'
import { proxiesCommand } from './commands/proxies.js'
import { statusCommand } from './commands/status.js'
import { TRANSLATE_PARTS, translateCommand } from './commands/translate.js'
import { versionCommand } from './commands/version.js'
import { waitCommand } from './commands/wait.js'
import { completionScript, SHELLS, type Shell } from './completion.js'
import type { CliContext } from './context.js'
import { readObjectName } from './object-name.js'
import { readDuration } from './output/duration.js'
import { OUTPUT_FORMATS } from './output/print.js'
import { createStyle } from './output/style.js'
import { readHeader, readUrl, UnreadableUrlError } from './read-request.js'

/** What the program gets from its process; tests pass their own. */
export interface ProgramSurroundings extends Omit<CliContext, 'client' | 'style'> {
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** The exit code is told by `onExit`. Usage errors are thrown as commander's. */
export function gatewayctlProgram(surroundings: ProgramSurroundings, onExit: (code: number) => void): Command {
  const program = new Command('gatewayctl')
  const context = (): CliContext => {
    const { server, color } = program.opts<{ server: string; color: boolean }>()
    const { environment, isTerminal } = surroundings
    const isColoured = color && isTerminal && (environment.NO_COLOR ?? '') === ''
    return { ...surroundings, client: new AdminClient(server), style: createStyle(isColoured) }
  }
  program
    .description('Looks into a running Headgate: what it was told, what it made of it, and whether the proxies have it.')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({ writeOut: surroundings.out, writeErr: surroundings.error })
    .showHelpAfterError('(gatewayctl --help lists all commands)')
    .addOption(
      new Option('-s, --server <url>', "Headgate's admin server")
        .env('HEADGATE_SERVER')
        .default(surroundings.environment.HEADGATE_SERVER ?? DEFAULT_SERVER),
    )
    .option('--no-color', 'print without colours')
    .addHelpText('after', HELP)

  command('status', 'print every object with its state, and what is wrong', [
    'gatewayctl status',
    'gatewayctl status httproute',
    'gatewayctl status httproute/www',
    'gatewayctl status -n shop',
  ])
    .argument(
      '[object...]',
      'KIND, KIND/NAME or KIND/NAMESPACE/NAME',
      (text: string, before: readonly ReturnType<typeof readObjectName>[] = []) => [...before, readObjectName(text)],
    )
    .option('-n, --namespace <name>', 'only this namespace')
    .addOption(output())
    .action(async (names, options) => onExit(await statusCommand(context(), names ?? [], options)))

  command('get', 'print what policies come to for a route, and which policy says each field', [
    'gatewayctl get policies --for httproute/www',
    'gatewayctl get policies --for grpcroute/shop/cart -o yaml',
  ])
    .addArgument(new Argument('<what>', 'what to print').choices(['policies']))
    .addOption(new Option('--for <object>', 'KIND/NAME or KIND/NAMESPACE/NAME').makeOptionMandatory().argParser(readObjectName))
    .option('-n, --namespace <name>', 'namespace, where the object names none', 'default')
    .addOption(output())
    .action(async (_what, options) => onExit(await getPoliciesCommand(context(), options)))

  command('explain', 'say what becomes of a request, and why: by the configuration that the proxies get', [
    'gatewayctl explain http://www.example.com/shop',
    "gatewayctl explain -X POST -H 'x-version: 2' https://shop.example.com/cart?id=1",
    "gatewayctl explain -H 'Host: www.example.com' http://127.0.0.1:8080/",
    'gatewayctl explain -f ./my-gateway https://www.example.com/',
  ])
    .argument('<url>', 'as for curl; tcp://HOST:PORT, tls://HOST:PORT and udp://HOST:PORT for what is not about HTTP', url)
    .option('-X, --request <method>', 'method of the request', 'GET')
    .addOption(
      new Option('-H, --header <header>', "'Name: value'; may be given several times")
        .default([])
        .argParser((text: string, before: readonly Header[]) => [...before, header(text)]),
    )
    .addOption(new Option('--gateway <namespace/name>', 'only this Gateway').argParser(gatewayName))
    .addOption(new Option('--from <address>', "the client's address, where it matters who asks").argParser(address))
    .addOption(
      new Option('-f, --file <path>', 'file or folder to translate instead of asking a running Headgate; may be given several times')
        .default([])
        .argParser((path: string, before: readonly string[]) => [...before, path]),
    )
    .addOption(controllerName())
    .addOption(output())
    .action(async (of, options) => onExit(await explainCommand(context(), of, options)))

  command('wait', 'wait until an object is what you want, for scripts', [
    'gatewayctl wait httproute/www --for=delivered --timeout=30s',
    'gatewayctl wait httproute/www --generation "$(kubectl get httproute www -o jsonpath={.metadata.generation})"',
  ])
    .argument('<object>', 'KIND/NAME or KIND/NAMESPACE/NAME', readObjectName)
    .option('--for <state>', 'accepted, programmed, resolved, delivered, condition=TYPE, or condition=TYPE=False', 'delivered')
    .addOption(new Option('--timeout <time>', 'how long, such as 500ms, 30s or 5m').default(30_000, '30s').argParser(milliseconds))
    .option('-n, --namespace <name>', 'namespace, where the object names none', 'default')
    .addOption(new Option('--generation <n>', 'of this metadata.generation or a later one, right after a change').argParser(count))
    .action(async (name, options) => onExit(await waitCommand(context(), name, options)))

  command('dump', 'print the configuration that the proxies get', [
    'gatewayctl dump listeners',
    'gatewayctl dump routes -o yaml',
    'gatewayctl dump all -o json',
  ])
    .addArgument(new Argument('[section]', 'which part').choices(DUMP_SECTIONS).default('all'))
    .addOption(output())
    .action(async (section, options) => onExit(await dumpCommand(context(), section, options)))

  command('translate', 'translate files without a running Headgate, for editors and CI', [
    'gatewayctl translate -f gateway.yaml',
    'gatewayctl translate -f ./gateway --show routes',
    'kustomize build | gatewayctl translate -f -',
  ])
    .addOption(
      new Option('-f, --file <path>', 'file or folder, - for the standard input; may be given several times')
        .makeOptionMandatory()
        .argParser((path: string, before: readonly string[] | undefined) => [...(before ?? []), path]),
    )
    .addOption(controllerName())
    .addOption(new Option('--show <part>', 'what to print').choices(TRANSLATE_PARTS).default('status'))
    .addOption(output())
    .action(async (options) => onExit(await translateCommand(context(), options)))

  command('proxies', 'print the connected proxies and how far they are', ['gatewayctl proxies', 'gatewayctl proxies -w'])
    .option('-w, --watch', 'go on, once a second', false)
    .addOption(output())
    .action(async (options) => onExit(await proxiesCommand(context(), options)))

  command('history', 'print the last changes, their causes, and when the proxies had them', [
    'gatewayctl history',
    'gatewayctl history --limit 100 -o json',
  ])
    .addOption(new Option('--limit <n>', 'how many').default(20).argParser(count))
    .addOption(output())
    .action(async (options) => onExit(await historyCommand(context(), options)))

  command('version', 'print the versions of gatewayctl and of Headgate', ['gatewayctl version'])
    .addOption(output())
    .action(async (options) => onExit(await versionCommand(context(), options)))

  command('completion', 'print a script that completes commands in your shell', ['source <(gatewayctl completion bash)'])
    .addArgument(new Argument('<shell>', 'your shell').choices(SHELLS))
    .action((shell: Shell) => surroundings.out(completionScript(shell, program)))

  return program

  function command(name: string, description: string, examples: readonly string[]): Command {
    const lines = examples.map((example) => `  ${example}`)
    return program
      .command(name)
      .description(description)
      .showHelpAfterError(`(gatewayctl ${name} --help says what it takes)`)
      .addHelpText('after', `\nExamples:\n${lines.join('\n')}\n`)
  }
}

const HELP = `
Exit codes: 0 all is well, 1 it failed, 2 the command line is wrong, 3 it worked and found something wrong,
            4 what was waited for did not happen.

Start with:
  gatewayctl status                        is everything in order, and where do Gateways listen?
  gatewayctl translate -f ./my-gateway     is it in order before anybody runs it?
  gatewayctl explain http://HOST/PATH      why does this request go where it goes?
  gatewayctl proxies                       do the proxies have it?
  gatewayctl dump routes                   what do they have?
`

function output(): Option {
  return new Option('-o, --output <format>', 'how to print').choices(OUTPUT_FORMATS).default('table')
}

/** Of files that are translated. */
function controllerName(): Option {
  return new Option('--controller-name <name>', 'with -f: GatewayClasses of this controller are looked at (default: as that of headgate)')
}

function milliseconds(text: string): number {
  const time = readDuration(text)
  if (time === undefined) throw new InvalidArgumentError('Write a time such as 500ms, 30s or 5m.')
  return time
}

type Header = readonly [name: string, value: string]

function header(text: string): Header {
  const read = readHeader(text)
  if (read === undefined) throw new InvalidArgumentError("Write a header as 'Name: value'.")
  return read
}

function address(text: string): string {
  if (isIP(text) === 0) throw new InvalidArgumentError('Write an IP address such as 192.0.2.7 or 2001:db8::7.')
  return text
}

/** Of the namespace `default` where none is named, as elsewhere. */
function gatewayName(text: string): string {
  if (!/^[^/\s]+(\/[^/\s]+)?$/.test(text)) throw new InvalidArgumentError('Write NAME or NAMESPACE/NAME, such as shop/public.')
  return text.includes('/') ? text : `default/${text}`
}

function url(text: string): ReturnType<typeof readUrl> {
  try {
    return readUrl(text)
  } catch (error) {
    throw error instanceof UnreadableUrlError ? new InvalidArgumentError(error.message) : error
  }
}

function count(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('Write a whole number from 1.')
  return Number(text)
}
