import { spawn } from 'node:child_process'
import { appendFile, chmod, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { childEnv } from '../check/process.ts'
import type { Block } from './blocks.ts'
import { difference, outputFits } from './compare.ts'

const blockTimeoutMs = 60_000

interface Ended {
  readonly code: number
  readonly output: string
}

/** The environment of a block: `millrace` and `node` are those of this repository, and import its sources. */
async function environment(root: string, scratch: string): Promise<NodeJS.ProcessEnv> {
  const bin = join(scratch, 'bin')
  await mkdir(bin, { recursive: true })
  const shim = join(bin, 'millrace')
  const main = join(root, 'packages/cli/src/main.ts')
  await writeFile(shim, `#!/bin/sh\nexec node -C millrace-source '${main}' "$@"\n`)
  await chmod(shim, 0o755)
  const env = childEnv(root, { NODE_OPTIONS: '--conditions=millrace-source', npm_config_loglevel: 'error' })
  return { ...env, PATH: `${bin}${delimiter}${env.PATH}` }
}

/** What a page shows of a run: not the lines that an application without a logger writes about failures. */
const withoutLog = (output: string): string => output.replaceAll(/^\S+Z (?:warn|error) millrace: .*\n/gm, '')

/** Ends a process and all that it started. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // ESRCH: all have ended already.
  }
}

/** Runs the blocks of one page in the order of the page, in a folder of their own. */
class PageRun {
  readonly failures: string[] = []
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #groups: number[] = []

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#env = env
  }

  async block(block: Block): Promise<void> {
    if (block.named || (block.run && block.language === 'ts')) await this.#write(block)
    if (!block.run) return
    const { code, output } = await this.#execute(block)
    const at = `${block.page}:${block.line}`
    if (code !== block.exit)
      this.failures.push(`${at} ended with exit code ${code}, expected ${block.exit}:\n${output.trimEnd()}`)
    else if (block.output !== undefined && !outputFits(block.output, withoutLog(output))) {
      this.failures.push(`${at} printed something else\n${difference(block.output, withoutLog(output))}`)
    }
  }

  /** Ends what blocks left running in the background. */
  end(): void {
    for (const pid of this.#groups) endGroup(pid)
  }

  async #write({ file, code, replace }: Block): Promise<void> {
    const path = join(this.#folder, file)
    await mkdir(dirname(path), { recursive: true })
    await (replace ? writeFile : appendFile)(path, code)
  }

  /** Both streams go to one file, in the order a terminal would show them; processes left behind cannot hold it open. */
  async #execute(block: Block): Promise<Ended> {
    const log = join(this.#folder, `.output-${block.line}`)
    const handle = await open(log, 'a')
    const [command, args] = block.language === 'sh' ? ['sh', ['-e', '-c', block.code]] : ['node', [block.file]]
    try {
      const code = await new Promise<number>((resolve, reject) => {
        const child = spawn(command as string, args as string[], {
          cwd: this.#folder,
          env: this.#env,
          stdio: ['ignore', handle.fd, handle.fd],
          detached: true,
        })
        child.on('error', reject)
        if (child.pid === undefined) return
        const { pid } = child
        this.#groups.push(pid)
        const timer = setTimeout(() => endGroup(pid), blockTimeoutMs)
        child.on('exit', (exitCode, signal) => {
          clearTimeout(timer)
          resolve(exitCode ?? (signal === 'SIGKILL' ? 137 : 143))
        })
      })
      return { code, output: await readFile(log, 'utf8') }
    } finally {
      await handle.close()
    }
  }
}

/** Runs the marked blocks of a page and returns what went wrong. The first failure ends the page: later blocks build on it. */
export async function executeBlocks(
  root: string,
  blocks: readonly Block[],
  scratch: string,
): Promise<readonly string[]> {
  if (!blocks.some((block) => block.run)) return []
  const folder = join(scratch, 'page')
  await mkdir(folder, { recursive: true })
  await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'))
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  const page = new PageRun(folder, await environment(root, scratch))
  try {
    for (const block of blocks) {
      if (page.failures.length === 0) await page.block(block)
    }
  } finally {
    page.end()
  }
  return page.failures
}
