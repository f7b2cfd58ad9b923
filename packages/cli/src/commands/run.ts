import type { Application } from 'millrace'
import { loadApplication } from '../app-file.ts'
import { command } from '../command.ts'
import { exit } from '../exit-codes.ts'
import { lineLogger } from '../log-lines.ts'

/** How often to look whether the application still works. */
const lookMs = 500

export const run = command({
  name: 'run',
  summary: 'Run the application of a file until it is told to stop (Ctrl-C, SIGTERM)',
  args: ['FILE'],
  onStore: false,
  details: [
    'The file is JavaScript or TypeScript, whose types Node.js strips. Its default export is the application, `export default millrace({ … })`, or a function that returns it, also as a promise.',
    'The first signal stops it in order: handlers finish, leases are given back. A second one ends the process at once; nothing is lost by that, as what was not acknowledged is delivered again. The exit code is 1 when the application cannot start, or when its store stops.',
    'What it has to say is logged on standard output, unless its configuration has a logger of its own.',
  ],
  examples: ['millrace run shop.ts'],
  run: async ({ args, io, json }) => {
    const [file = ''] = args
    const { interrupted } = io
    const logger = lineLogger(io, json)
    const application = await loadApplication(file)
    // A file may start its application itself; then it only has to be kept running.
    if (application.health().status === 'starting') await application.start({ logger })
    const why = await ended(application, interrupted)
    if (why === 'signal')
      logger.info('Stopping; a second signal ends the process at once', { signal: String(interrupted.reason) })
    else logger.error('The application has stopped working', { services: application.health().services })
    await application.stop()
    return why === 'signal' ? exit.ok : exit.failed
  },
})

function ended(application: Application, interrupted: AbortSignal): Promise<'signal' | 'down'> {
  return new Promise((resolve) => {
    const end = (why: 'signal' | 'down'): void => {
      clearInterval(timer)
      resolve(why)
    }
    const timer = setInterval(() => {
      const { status, services } = application.health()
      if (status === 'down' && services.length > 0) end('down')
    }, lookMs)
    if (interrupted.aborted) end('signal')
    interrupted.addEventListener('abort', () => end('signal'))
  })
}
