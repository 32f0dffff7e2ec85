/** Shell completion, made from the command tree itself: it cannot know less than `--help`. */
import type { Command } from 'commander'

/** The shells that we can complete in. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** A shell. */
export type Shell = (typeof SHELLS)[number]

/** What can follow on the words typed so far. */
interface Words {
  /** `gatewayctl dump`, or `gatewayctl` alone. */
  readonly path: readonly string[]
  readonly options: readonly {
    readonly flag: string
    readonly short: string | undefined
    readonly description: string
    readonly choices: readonly string[]
  }[]
  readonly words: readonly { readonly word: string; readonly description: string }[]
}

/** The script that the shell must read, for example by `source <(gatewayctl completion bash)`. */
export function completionScript(shell: Shell, program: Command): string {
  const all = collect(program, [program.name()])
  switch (shell) {
    case 'bash':
      return bashScript(program.name(), all)
    case 'zsh':
      return `#compdef ${program.name()}\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program.name(), all)}`
    case 'fish':
      return fishScript(program.name(), all)
  }
}

function collect(command: Command, path: readonly string[]): readonly Words[] {
  const children = command.commands.filter((child) => child.name() !== 'help')
  const options = [...command.options, ...(path.length > 1 ? (command.parent?.options ?? []) : [])].filter((option) => !option.hidden)
  const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
  return [
    {
      path,
      options: options.map(({ long, short, description, argChoices }) => ({
        flag: long ?? short ?? '',
        short,
        description,
        choices: argChoices ?? [],
      })),
      words: [
        ...children.map((child) => ({ word: child.name(), description: child.description() })),
        ...choices.map((word) => ({ word, description: '' })),
      ],
    },
    ...children.flatMap((child) => collect(child, [...path, child.name()])),
  ]
}

/** One case per command: the candidates, and after an option with choices those. */
function bashScript(name: string, all: readonly Words[]): string {
  const cases = all.map(({ path, options, words }) => {
    const own = [...words.map(({ word }) => word), ...options.map(({ flag }) => flag), '--help'].join(' ')
    const values = options
      .filter(({ choices }) => choices.length > 0)
      .map(
        ({ flag, short, choices }) =>
          `"${path.slice(1).join(' ')}|${flag}"${short === undefined ? '' : `|"${path.slice(1).join(' ')}|${short}"`}) words="${choices.join(' ')}" ;;`,
      )
    return { test: `"${path.slice(1).join(' ')}") words="${own}" ;;`, values }
  })
  return `_${name}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" words="" index
  for ((index = 1; index < COMP_CWORD; index++)); do
    case "\${COMP_WORDS[index]}" in
      ${all
        .filter(({ path }) => path.length === 2)
        .map(({ path }) => path[1])
        .join('|')}) command="\${COMP_WORDS[index]}"; break ;;
    esac
  done
  case "$command|$previous" in
    ${cases.flatMap(({ values }) => values).join('\n    ')}
    *) case "$command" in
      ${cases.map(({ test }) => test).join('\n      ')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _${name} ${name}
`
}

function fishScript(name: string, all: readonly Words[]): string {
  const lines = all.flatMap(({ path, options, words }) => {
    const condition = path.length === 1 ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${path.at(-1)}`
    const start = `complete -c ${name} -n '${condition}'`
    return [
      ...words.map(({ word, description }) => `${start} -f -a ${word}${described(description)}`),
      ...options.map(
        ({ flag, description, choices }) =>
          `${start} -l ${flag.replace(/^--/, '')}${choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : ''}${described(description)}`,
      ),
    ]
  })
  return `${lines.join('\n')}\n`
}

const described = (text: string): string => (text === '' ? '' : ` -d '${text.replaceAll("'", "\\'")}'`)
