import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../engine.ts'
import { holds, talk } from '../talk.ts'

interface Behaviour {
  /** What the server program does; `port` is at hand. */
  readonly program?: string
}

const answering = "require('node:net').createServer((socket) => socket.end('tiny 1.2\\n')).listen(port, '127.0.0.1')"

/** The smallest server there is: it says its version to whoever connects. */
export const tinyEngine = ({ program = answering }: Behaviour = {}): Engine => ({
  name: 'tiny',
  title: 'Tiny',
  port: 1,
  packages: ['tiny-server'],
  missing: () => [],
  address: (port) => `tiny://127.0.0.1:${port}`,
  async command({ port, folder, durability }) {
    const file = join(folder, 'server.cjs')
    writeFileSync(file, `const port = ${port}\n${program}\n`)
    return { program: process.execPath, args: [file], achieved: durability, durability: `as ${durability} as can be` }
  },
  probe: (port) =>
    talk(port, async ({ take }) => ({ version: /tiny (\S+)/.exec((await take(holds('\n'))).toString())?.[1] })),
})
