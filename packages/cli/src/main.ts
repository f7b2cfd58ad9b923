// The process: its streams, its signals, its exit code.
import { cli } from './cli.ts'
import { reportImports } from './watched-child.ts'

const signals = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const

/** The first signal is passed on, to end in order; the second ends the process at once, with the code a shell expects. */
function onSignal(listener: (signal: string) => void): void {
  let asked = false
  for (const [signal, number] of Object.entries(signals)) {
    process.on(signal, () => {
      if (asked) process.exit(128 + number)
      asked = true
      listener(signal)
    })
  }
}

if (process.env.MILLRACE_WATCHED !== undefined) {
  // Not for processes that the application starts.
  delete process.env.MILLRACE_WATCHED
  reportImports()
}

const { stdin, stdout, stderr, env } = process
const code = await cli(process.argv.slice(2), { stdin, stdout, stderr, env, onSignal })
// An application may have left something open that would keep the process running.
process.exit(code)
