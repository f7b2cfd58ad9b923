import { spawnSync } from 'node:child_process'
import { MillraceError } from 'millrace'
import { stderrLogger } from 'millrace/engine'
import { expect, test, vi } from 'vitest'

test('without a logger warnings and errors go to standard error, a bounded line each', () => {
  const lines: string[] = []
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  try {
    stderrLogger.debug('nobody asked')
    stderrLogger.info('nobody asked')
    const error = new MillraceError('APP_NOT_RUNNING', { phase: 'stopped' })
    stderrLogger.warn('Something is odd\nhere', { subscription: 's\n', position: 4, error })
    stderrLogger.error('x', { data: 'y'.repeat(10_000) })
  } finally {
    write.mockRestore()
  }
  expect(lines).toHaveLength(2)
  expect(lines[0]).toMatch(
    /^\S+Z warn millrace: Something is odd here subscription="s\\n" position=4 error="APP_NOT_RUNNING: .*"\n$/,
  )
  expect(lines[1]!.length).toBeLessThan(2_100)
})

test('an application without a logger says on standard error that a handler failed', () => {
  const program = `
    import { defineEvent, fixed, millrace, service } from 'millrace'
    import { sqlite } from 'millrace/sqlite'
    import { z } from 'zod'
    const Noted = defineEvent('noted', { schema: z.object({}) })
    const failing = service('failing').on(Noted, () => { throw new Error('no paper') }, { retry: fixed({ attempts: 1, delayMs: 1 }) })
    await using app = await millrace({ store: sqlite(':memory:'), services: [failing] }).start()
    await app.publish(Noted, {})
    await app.idle()
  `
  const options = ['-C', 'millrace-source', '--input-type=module', '-e', program]
  const { stderr, stdout, status } = spawnSync(process.execPath, options, {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  })
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  expect(stderr).toMatch(/error millrace: A delivery is dead-lettered .*no paper/)
})
