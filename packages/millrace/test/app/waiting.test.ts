import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from '@millrace/testing'
import { defineCommand, millrace, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { temporaryFolder } from '../sqlite/folder.ts'
import { Noted } from './contracts.ts'
import { start, stopAtLast } from './setup.ts'

test('idle is refused when the application stops before all is settled', async () => {
  let begun = false
  const s = service('s').on(Noted, () => {
    begun = true
    return new Promise(() => {})
  })
  const { app, clock } = await start({ services: [s] })
  await app.publish(Noted, { n: 1 })
  await eventually(() => begun)
  const idle = expect(app.idle()).rejects.toMatchObject({ code: 'APP_NOT_RUNNING' })
  await stopAtLast(app, clock)
  await idle
})

test('idle is refused when the store stops before all is settled', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const { app, clock } = await start({ path, services: [service('s').on(Noted, () => new Promise(() => {}))] })
  await app.publish(Noted, { n: 1 })
  const idle = expect(app.idle()).rejects.toMatchObject({ code: 'STORE_STOPPED' })
  renameSync(path, `${path}.moved`)
  await expect(app.publish(Noted, { n: 2 })).rejects.toMatchObject({ code: 'STORE_STOPPED' })
  await idle
  await stopAtLast(app, clock)
})

test('processes that start at the same time agree on who handles a command', async () => {
  const path = join(temporaryFolder(), 'store.db')
  const Do = defineCommand('test.do', { schema: z.object({}), reply: z.object({}) })
  const apps = Array.from({ length: 4 }, () =>
    millrace({
      store: sqlite(path, { synchronous: 'normal' }),
      services: [service('s', { whenHeld: 'wait' }).handle(Do, () => ({}))],
      blockedAfterMs: 0,
    }),
  )
  try {
    const started = await Promise.allSettled(apps.map((app) => app.start()))
    expect(started.map(({ status }) => status)).toEqual(apps.map(() => 'fulfilled'))
  } finally {
    for (const app of apps) await app.stop()
  }
})
