import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readJournal } from '../../faults/faults/power-loss/journal.ts'
import { type Control, kindBits, makeControl } from '../../faults/native/control.ts'
import { buildLibrary, libraryEnv, libraryUnavailable } from '../../faults/native/library.ts'

// What the preloaded library does to a process.

const reason = await libraryUnavailable()

interface Place {
  readonly folder: string
  readonly store: string
  readonly journal: string
  readonly control: Control
  /** Runs a program in which `fs` and `store` are known, and gives what it prints. */
  run(program: string): Promise<string>
}

async function place(): Promise<Place> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-library-')))
  const control = makeControl(join(folder, 'control'))
  onTestFinished(() => {
    control.close()
    rmSync(folder, { recursive: true })
  })
  const [store, journal] = [join(folder, 'shop.db'), join(folder, 'journal')]
  const library = await buildLibrary()
  return {
    folder,
    store,
    journal,
    control,
    async run(program) {
      const text = `const fs = require('node:fs'); const store = ${JSON.stringify(store)}; ${program}`
      const env = { ...process.env, ...libraryEnv(library, { store, journal, control: control.path }) }
      return execFileSync(process.execPath, ['-e', text], { env, encoding: 'utf8' }).trim()
    },
  }
}

test.skipIf(reason !== undefined)('it records what is done to the files of the store, and to no other', async () => {
  const { store, journal, folder, run } = await place()
  await run(`
    const wal = fs.openSync(store + '-wal', 'a')
    fs.writeSync(wal, 'one')
    fs.writeSync(wal, 'two')
    fs.fsyncSync(wal)
    const other = fs.openSync('${folder}/other', 'w')
    fs.writeSync(other, 'three')
    fs.fsyncSync(other)
    fs.unlinkSync(store + '-wal')`)
  const entries = readJournal(readFileSync(journal))
  const wal = `${store}-wal`
  const told = entries.map((entry) => {
    if (entry.type === 'write') return `write ${entry.offset} ${entry.bytes}`
    if (entry.type === 'link' || entry.type === 'unlink') return `${entry.type} ${entry.path}`
    return entry.type === 'done' ? `done ${entry.result}` : entry.type
  })
  expect(told).toEqual([
    `link ${wal}`,
    'write 0 one',
    'done 3',
    'write 3 two',
    'done 3',
    'sync',
    'done 0',
    `unlink ${wal}`,
  ])
})

test.skipIf(reason !== undefined)(
  'a record of which a part is missing is left out, and those after it are read',
  async () => {
    const { journal, run } = await place()
    await run("const file = fs.openSync(store, 'a'); for (let n = 0; n < 3; n++) fs.writeSync(file, String(n))")
    const whole = readFileSync(journal)
    const entries = readJournal(whole)
    expect(entries).toHaveLength(7)
    const second = whole.indexOf(Buffer.from('crlMjrnl'), 60)
    for (let cut = 1; cut < 40; cut++) {
      const torn = Buffer.concat([
        whole.subarray(0, second + 10),
        whole.subarray(whole.indexOf('crlMjrnl', second + 60)),
      ])
      expect(readJournal(torn).length).toBeLessThan(7)
      expect(readJournal(torn.subarray(0, torn.length - cut)).length).toBeGreaterThan(0)
    }
  },
)

test.skipIf(reason !== undefined)('it lets the syncs fail that it is told to', async () => {
  const { control, run } = await place()
  control.set({ syncKinds: kindBits(['wal']), syncFailsAt: 2, syncFails: 2 })
  const codes = await run(`
    const files = [fs.openSync(store, 'w'), fs.openSync(store + '-wal', 'w')]
    const codes = []
    for (let n = 0; n < 4; n++) for (const file of files) {
      try { fs.fsyncSync(file); codes.push('ok') } catch (error) { codes.push(error.code) }
    }
    console.log(codes.join(' '))`)
  expect(codes).toBe('ok ok ok EIO ok EIO ok ok')
  expect([control.get('syncs'), control.get('syncsFailed')]).toEqual([4, 2])
})

test.skipIf(reason !== undefined)('a sync that failed is told through all descriptors of the file, once', async () => {
  const { control, run } = await place()
  control.set({ syncKinds: kindBits(['wal']), syncFailsAt: 2, syncFails: 1 })
  const codes = await run(`
    const files = Array.from({ length: 3 }, () => fs.openSync(store + '-wal', 'a'))
    const codes = []
    const sync = (file) => { try { fs.fsyncSync(file); codes.push('ok') } catch (error) { codes.push(error.code) } }
    for (let n = 0; n < 3; n++) for (const file of files) sync(file)
    sync(fs.openSync(store + '-wal', 'a'))
    console.log(codes.join(' '))`)
  expect(codes).toBe('ok EIO EIO EIO ok ok ok ok ok ok')
})

test.skipIf(reason !== undefined)(
  'it lets the writes fail that it is told to, the first of them after some octets',
  async () => {
    const { control, store, run } = await place()
    control.set({
      writeKinds: kindBits(['main']),
      writeFailsAt: 3,
      writeFails: 3,
      writeErrno: constants.errno.ENOSPC,
      writePart: 2,
    })
    const told = await run(`
    const file = fs.openSync(store, 'a')
    const told = []
    for (let n = 0; n < 5; n++) {
      try { told.push(fs.writeSync(file, 'abcd', 0)) } catch (error) { told.push(error.code) }
    }
    console.log(told.join(' '))`)
    // To make the file was the first write; after a short one Node asks for the rest, which fails as well.
    expect(told).toBe('4 2 ENOSPC 4 4')
    expect(statSync(store).size).toBe(14)
  },
)

test.skipIf(reason !== undefined)('a file cannot be made on a full disk', async () => {
  const { control, store, run } = await place()
  control.set({ writeKinds: kindBits(['main']), writeFailsAt: 1, writeFails: 1, writeErrno: constants.errno.ENOSPC })
  expect(await run("try { fs.openSync(store, 'a') } catch (error) { console.log(error.code) }")).toBe('ENOSPC')
  expect(existsSync(store)).toBe(false)
})

test.skipIf(reason !== undefined)('it moves the wall clock, while the process runs, and no other clock', async () => {
  const { control, run } = await place()
  control.set({ clockOffsetNs: 3_600e9 })
  const [wall, monotonic] = JSON.parse(
    await run('console.log(JSON.stringify([Date.now(), performance.timeOrigin + performance.now()]))'),
  )
  expect(Math.abs(wall - Date.now() - 3_600_000)).toBeLessThan(60_000)
  expect(Math.abs(monotonic - wall)).toBeLessThan(60_000)
})
