import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ask, folder, refusal } from './command-line.ts'
import { millrace, startProcess } from './processes.ts'
import { shopFile } from './store.ts'

/** A folder for application files, which find the packages of the repository. */
function project(files: Readonly<Record<string, string>>): string {
  const root = folder()
  symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(root, 'node_modules'))
  for (const [name, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(join(root, name, '..'), { recursive: true })
    writeFileSync(join(root, name), text)
  }
  return root
}

const order = (index: number): string => `{"orderId":"o-${index}","total":${index}}`

describe('the command as a process', () => {
  it('runs an application, works beside it on the same file, and stops in order', async () => {
    const path = join(folder(), 'shop.db')
    const at = ['--store', path]
    const shop = startProcess(['run', shopFile], { env: { SHOP_STORE: path } })
    await shop.shows('The application runs')

    const tail = startProcess(['tail', '--from', 'beginning', '--json', ...at])
    const publish = startProcess(['publish', 'shop.order.requested', '-', ...at])
    publish.input(`${order(1)}\n`)
    await tail.shows('o-1')
    await ask(['publish', 'shop.order.requested', order(-2), ...at])
    await tail.shows('o--2')
    publish.kill('SIGINT')
    expect(await publish.ended).toMatchObject({ code: 130, err: expect.stringContaining('--skip-lines 1') })
    tail.kill('SIGINT')
    expect(await tail.ended).toMatchObject({ code: 0, err: '' })

    const log = await shop.shows('A delivery is dead-lettered')
    expect(log).toMatch(
      /error {2}A delivery is dead-lettered {2}subscription=payments {2}position=2 .*\n {4}RangeError: a total/,
    )
    expect(log).not.toContain('packages/millrace/src')
    expect(await ask(['subscriptions', 'payments', ...at])).toMatchObject({ lag: 0, dead: 1, settled: { handled: 1 } })

    // What only one may have is refused to the second, with what to do.
    process.env.SHOP_STORE = path
    const second = await refusal(['run', shopFile])
    expect(second).toMatchObject({ exit: 4, code: 'LEASE_HELD', fields: { pid: shop.pid } })

    shop.kill('SIGTERM')
    const { code, out } = await shop.ended
    expect(code).toBe(0)
    expect(out).toMatch(/info {3}Stopping.*\n.*info {3}The application has stopped\n$/)
    expect(await ask(['subscriptions', 'payments', ...at])).toMatchObject({ owner: null })

    // The reader of a pipe that has seen enough is no error.
    const shell = `${millrace} tail --from beginning --no-follow --store '${path}' | head -1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-c', shell])
    expect(stdout).toMatch(/^\S+ {2}1 {2}shop\.order\.requested .*\n0\n$/)
    expect(stderr).toBe('')
  })

  it('ends at the second signal whatever a handler does', async () => {
    const root = project({
      'stuck.ts': `
        import { defineEvent, millrace, service } from 'millrace'
        import { sqlite } from 'millrace/sqlite'
        import { z } from 'zod'
        const Tick = defineEvent('tick', { schema: z.int() })
        const stuck = service('stuck').on(Tick, () => { console.log('stuck now'); return new Promise(() => {}) })
        const app = millrace({ store: sqlite('stuck.db'), services: [stuck], drainMs: 60_000 })
        await app.start()
        await app.publish(Tick, 1)
        export default app`,
    })
    const running = startProcess(['run', 'stuck.ts'], { cwd: root })
    await running.shows('stuck now')
    running.kill('SIGINT')
    await running.shows('Stopping')
    running.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
  })

  it('fails when the store fails under the application', async () => {
    const root = project({
      'short.ts': `
        import { millrace, service } from 'millrace'
        import { sqlite } from 'millrace/sqlite'
        export default () =>
          millrace({ store: sqlite('gone.db'), services: [service('s', { leaseMs: 90 }).on('**', () => {})] })`,
    })
    const running = startProcess(['run', 'short.ts', '--json'], { cwd: root })
    await running.shows('"message":"The application runs"')
    rmSync(join(root, 'gone.db'))
    const { code, out } = await running.ended
    expect(code).toBe(1)
    expect(out).toContain('"message":"The application has stopped working"')
    expect(out).toContain('STORE_STOPPED')
  })

  it('watches: starts the application anew when a file that it imports changes, also after an error', async () => {
    const root = project({
      'lib/word.ts': `export const word: string = 'one'`,
      'app.ts': `
        import { millrace, service } from 'millrace'
        import { sqlite } from 'millrace/sqlite'
        import { word } from './lib/word.ts'
        console.log('the word is', word)
        export default millrace({ store: sqlite('app.db'), services: [service(word).on('**', () => {})] })`,
    })
    const write = (text: string): void => writeFileSync(join(root, 'lib/word.ts'), text)
    const watch = startProcess(['watch', 'app.ts'], { cwd: root })
    await watch.shows('The application runs  services=one')
    write('export const word: string = ')
    await watch.shows('The application has ended; the next change of a file starts it again  exitCode=1')
    write(`export const word: string = 'two'`)
    await watch.shows('The application runs  services=two')
    watch.kill('SIGINT')
    const { code, out } = await watch.ended
    expect(code).toBe(0)
    expect(out.match(/The application has stopped/g)).toHaveLength(2)
    expect(out).toContain(`A file has changed; the application starts anew  file=${join(root, 'lib/word.ts')}`)
  })
})
