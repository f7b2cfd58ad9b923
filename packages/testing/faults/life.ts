import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { type Edit, editsVariable } from './edits/edit.ts'
import type { WorkloadOptions } from './workload/options.ts'
import type { Report } from './workload/report.ts'

/** How a workload process is started. */
export interface LifeOptions {
  /** Added to the environment, such as LD_PRELOAD. */
  readonly env?: Readonly<Record<string, string>>
  /** Flags of Node, before the program: `--import FILE`, `--max-old-space-size=…`. */
  readonly execArgv?: readonly string[]
  /** What begins the command line instead of Node itself, such as `['prlimit', '--fsize=…']`; Node follows. */
  readonly wrapper?: readonly string[]
  /** Changes of the product's source that are in force in this process alone. */
  readonly edits?: readonly Edit[]
  /** What the process does; the rest is `workloadDefaults`. */
  readonly workload?: Partial<Omit<WorkloadOptions, 'process' | 'repeat'>>
}

/** One workload process, from its start to its end. */
export interface Life {
  /** Its name in the history. */
  readonly name: string
  readonly pid: number
  /** It has reported that its application runs. */
  readonly isUp: boolean
  readonly hasEnded: boolean
  /** How many operations it has reported as ok. */
  readonly acknowledged: number
  /** How many operations it has invoked. */
  readonly invoked: number
  /** Sends a signal; nothing happens when it has ended. */
  signal(signal: NodeJS.Signals): void
  /**
   * Resolves with true as soon as the condition holds (it is asked whenever the process reports), with false when the process
   * ended before.
   */
  until(condition: (life: Life) => boolean): Promise<boolean>
  /** Kills it, if it runs, and waits for its end. */
  kill(): Promise<Exit>
  /** Resolves when it has ended and all that it reported was read. Never rejects. */
  readonly exit: Promise<Exit>
}

/** How a workload process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It did all that it was to do and stopped in order. */
  readonly finished: boolean
  /** What ended it, as it reported itself: the code of a MillraceError (`STORE_STOPPED`, `STORE_DAMAGED`, …) or a name. */
  readonly error: { readonly code: string; readonly message: string } | undefined
  /** What it printed on its error stream, the end of it. */
  readonly stderr: string
}

const program = fileURLToPath(new URL('./workload/main.ts', import.meta.url))
const editor = fileURLToPath(new URL('./edits/register.ts', import.meta.url))
/** Node keeps what it compiled there, which makes a start several times as fast. */
const compileCache = join(tmpdir(), `millrace-faults-cache-${process.getuid?.() ?? 0}`)
const longestStderr = 20_000
/** A process that has not ended by then hangs. */
const longestLifeMs = 120_000

/** Starts a workload process. @param onReport told of each report, in order */
export function startLife(
  folder: string,
  workload: WorkloadOptions,
  { env = {}, execArgv = [], wrapper = [], edits = [] }: LifeOptions,
  onReport: (report: Report) => void,
): Life {
  const file = join(folder, `${workload.process}.json`)
  writeFileSync(file, JSON.stringify(workload))
  const hooks = edits.length === 0 ? [] : ['--import', editor]
  const command = [...wrapper, process.execPath, '-C', 'millrace-source', ...hooks, ...execArgv, program, file]
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_COMPILE_CACHE: compileCache,
      ...(edits.length === 0 ? {} : { [editsVariable]: JSON.stringify(edits) }),
      ...env,
    },
  })
  return new Running(workload.process, child, onReport)
}

class Running implements Life {
  readonly name: string
  readonly exit: Promise<Exit>
  readonly #child: ChildProcess
  readonly #onReport: (report: Report) => void
  readonly #waiting = new Set<() => void>()
  #rest = ''
  #stderr = ''
  #finished = false
  #error: Exit['error']
  isUp = false
  hasEnded = false
  acknowledged = 0
  invoked = 0

  constructor(name: string, child: ChildProcess, onReport: (report: Report) => void) {
    this.name = name
    this.#child = child
    this.#onReport = onReport
    const reports = child.stdio[3] as Readable
    reports.setEncoding('utf8')
    reports.on('data', (chunk: string) => this.#read(chunk))
    child.stderr!.setEncoding('utf8')
    child.stderr!.on('data', (chunk: string) => {
      this.#stderr = (this.#stderr + chunk).slice(-longestStderr)
    })
    this.exit = new Promise((resolve) => {
      const hung = setTimeout(() => {
        const message = `it had not ended after ${longestLifeMs / 1_000} s and was killed`
        this.#error ??= { code: 'HUNG', message }
        child.kill('SIGKILL')
      }, longestLifeMs)
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        clearTimeout(hung)
        this.hasEnded = true
        resolve({ code, signal, finished: this.#finished, error: this.#error, stderr: this.#stderr })
        this.#tell()
      }
      // `close` comes when all streams were read, too.
      child.once('close', end)
      child.once('error', (error) => {
        this.#error ??= { code: 'SPAWN', message: error.message }
        end(null, null)
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.#child.kill(signal)
  }

  async until(condition: (life: Life) => boolean): Promise<boolean> {
    for (;;) {
      if (condition(this)) return true
      if (this.hasEnded) return false
      await new Promise<void>((resolve) => this.#waiting.add(resolve))
    }
  }

  kill(): Promise<Exit> {
    this.signal('SIGKILL')
    return this.exit
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n')
    // A process that was killed while it wrote leaves a part of a line, which says nothing.
    this.#rest = lines.pop()!
    for (const line of lines) this.#take(JSON.parse(line) as Report)
    if (lines.length > 0) this.#tell()
  }

  #take(report: Report): void {
    if (report.type === 'up') this.isUp = true
    if (report.type === 'invoke') this.invoked++
    if (report.type === 'outcome' && report.outcome === 'ok') this.acknowledged++
    if (report.type === 'finished') this.#finished = true
    if (report.type === 'error') this.#error = { code: report.code, message: report.message }
    this.#onReport(report)
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve()
    this.#waiting.clear()
  }
}
