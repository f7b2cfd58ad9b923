import { readFileSync } from 'node:fs'
import { commands } from './commands/index.ts'
import { report, wrongUsage } from './errors.ts'
import { exit } from './exit-codes.ts'
import { helpOf, overview } from './help.ts'
import { Io, type Surroundings } from './io.ts'
import { choose, firstWords, parse } from './parse.ts'

/** Runs a command line. Returns the exit code; standard output has taken everything by then. */
export async function cli(argv: readonly string[], around: Surroundings): Promise<number> {
  const io = new Io(around)
  const asJson = argv.includes('--json')
  // A store that waits for commits of other processes does not keep the process running by itself.
  const running = setInterval(() => {}, 1_000_000)
  let code: number
  try {
    code = await runCommand(argv, io)
  } catch (error) {
    code = report(io, error, asJson)
  } finally {
    clearInterval(running)
  }
  if (io.failure === undefined) return code
  io.err(`${io.paintError.red('✗')} Standard output cannot be written: ${io.failure.message}\n`)
  return exit.failed
}

async function runCommand(argv: readonly string[], io: Io): Promise<number> {
  const [first, ...others] = argv
  if (first === undefined) {
    io.err(`${overview(io)}\n`)
    return exit.usage
  }
  if (first === '--version' || first === '-v') return tell(io, version())
  if (first === '--help' || first === '-h' || first === 'help') return help(others, io)
  if (first.startsWith('-')) throw wrongUsage(`'${first}' stands before the command; options come after it`)
  const chosen = choose(commands, argv)
  const call = parse(chosen, io)
  if (call.help) return tell(io, helpOf(chosen.command, io))
  return chosen.command.run(call)
}

async function help(words: readonly string[], io: Io): Promise<number> {
  const [first, second] = words.filter((word) => !word.startsWith('-'))
  if (first === undefined) return tell(io, overview(io))
  const ofGroup = commands.filter(({ name }) => name.startsWith(`${first} `))
  // The help of a first word that begins several commands is that of all of them.
  if (second === undefined && ofGroup.length > 0) {
    return tell(io, ofGroup.map((command) => helpOf(command, io)).join('\n\n\n'))
  }
  const known = firstWords(commands).includes(first)
  return tell(io, helpOf(choose(commands, known ? words : [first]).command, io))
}

async function tell(io: Io, text: string): Promise<number> {
  await io.out(`${text}\n`)
  return exit.ok
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}
