// The servers that tests and benchmarks talk to: scripts/engines start|stop|status [name…]
import { parseArgs } from 'node:util'
import { engines, enginesNamed, type Standing, start, status, stop } from './servers.ts'

const usage = `scripts/engines start|stop|status [name…]

  start    installs what is missing, starts the engines on loopback with throw-away data, waits until they answer
  stop     stops those that it started, and removes their data
  status   shows what answers

  --fresh       start: beside whatever runs, on a free port
  --port N      start: on this port (one engine)
  --fast        start: with the engine's usual quicker setting, not the one that syncs before it confirms

Engines: ${engines.map(({ name }) => name).join(', ')}; without a name all of them. With Docker: docker compose up --wait`

const say = (text: string): void => void process.stderr.write(`${text}\n`)

/** Rows of text in columns. */
function table(rows: readonly Standing[]): string {
  const columns = ['engine', 'address', 'version', 'state'] as const
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => row[column].length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd()
  return [line(columns), ...rows.map((row) => line(columns.map((column) => row[column])))].join('\n')
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      fresh: { type: 'boolean' },
      fast: { type: 'boolean' },
      port: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  const [verb, ...names] = positionals
  if (values.help || verb === undefined) return console.log(usage)
  const chosen = enginesNamed(names)
  if (process.platform !== 'linux') throw new Error('This works on Linux only. Elsewhere: docker compose up --wait')
  if (verb === 'status') return console.log(table(await status(chosen)))
  if (verb === 'stop') return say(`${await stop(chosen, { say })} stopped`)
  if (verb !== 'start') throw new Error(`There is no '${verb}'.\n\n${usage}`)
  if (values.port !== undefined && chosen.length !== 1) throw new Error('--port is for one engine: name it')
  await startAll(chosen, values)
}

interface Flags {
  readonly fresh?: boolean | undefined
  readonly fast?: boolean | undefined
  readonly port?: string | undefined
}

/** One after the other, for they share the package manager; one that cannot start does not hold back the rest. */
async function startAll(chosen: ReturnType<typeof enginesNamed>, { fresh, fast, port }: Flags): Promise<void> {
  const rows: Standing[] = []
  const problems: string[] = []
  for (const engine of chosen) {
    const options = {
      fresh: fresh === true,
      durability: fast === true ? ('fast' as const) : ('safe' as const),
      ...(port === undefined ? {} : { port: Number(port) }),
    }
    try {
      const row = await start(engine, options, { say })
      rows.push(row)
      if (row.problem !== undefined) problems.push(`${row.problem}. Start one of our own beside it: --fresh`)
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
    }
  }
  if (rows.length > 0) console.log(table(rows))
  for (const problem of problems) console.error(`\n${problem}`)
  if (problems.length > 0) process.exitCode = 1
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 2
})
