import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { MillraceError } from 'millrace'
import { command } from '../command.ts'
import { exit } from '../exit-codes.ts'
import { FileWatch } from '../file-watch.ts'
import { lineLogger } from '../log-lines.ts'

/** Editors save in several steps, and several files at once. */
const settleMs = 100

export const watch = command({
  name: 'watch',
  summary: 'Run the application of a file, and start it anew whenever one of its files changes',
  args: ['FILE'],
  onStore: false,
  details: [
    'Watched is every file that the application imports, packages left out. It is stopped in order, as `millrace run` does it, before it is started again; when it fails, the next change starts it.',
  ],
  examples: ['millrace watch shop.ts'],
  run: async ({ args, io, json }) => {
    const [file = ''] = args
    if (!existsSync(file)) throw new MillraceError('APP_FILE_INVALID', { file, reason: 'there is no such file' })
    const { interrupted } = io
    const logger = lineLogger(io, json)
    const files = new FileWatch(settleMs)
    files.add(resolve(file))
    try {
      while (!interrupted.aborted) {
        const child = start(file, json)
        child.on('message', (message: { readonly imported?: string }) => {
          if (message.imported !== undefined) files.add(message.imported)
        })
        const ended = once(child, 'exit')
        const changed = files.next(interrupted)
        const first = await Promise.race([changed, ended])
        if (Array.isArray(first)) {
          const [exitCode, signal] = first
          logger.warn('The application has ended; the next change of a file starts it again', { exitCode, signal })
        }
        const path = await changed
        if (path !== undefined) logger.info('A file has changed; the application starts anew', { file: path })
        child.kill('SIGTERM')
        await ended
      }
    } finally {
      files.close()
    }
    return exit.ok
  },
})

/** In a group of its own, so that Ctrl-C reaches this process alone, which passes it on once. */
function start(file: string, json: boolean): ChildProcess {
  const args = [...process.execArgv, process.argv[1]!, 'run', file, ...(json ? ['--json'] : [])]
  return spawn(process.execPath, args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    env: { ...process.env, MILLRACE_WATCHED: '1' },
  })
}
