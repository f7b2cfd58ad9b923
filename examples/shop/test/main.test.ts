import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runChild, startChild } from './child.ts'
import { sliceOf, TemporaryFolder } from './slice.ts'

function folderOfTest(): string {
  const folder = new TemporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  return folder.path
}

test('a run ends with its summary; started again it says that it is done, and begins anew when told', async () => {
  const folder = folderOfTest()
  const args = ['--data', await sliceOf(folder, 0, 50), '--store', join(folder, 'shop.db')]
  const first = await runChild(args)
  expect(first).toMatchObject({ code: 0, entries: 50 })
  expect(first.output).toContain('equal, to the penny')
  expect(first.output).not.toContain('finished run')
  const second = await runChild(args)
  expect(second).toMatchObject({ code: 0, entries: 50 })
  expect(second.output).toContain('holds a finished run')
  expect(second.output).toContain('equal, to the penny')
  const anew = await runChild([...args, '--fresh'])
  expect(anew).toMatchObject({ code: 0, entries: 50 })
  expect(anew.output).not.toContain('finished run')
}, 20_000)

test('a second shop on the same store is refused, and the first one closes in order', async () => {
  const folder = folderOfTest()
  const args = ['--data', await sliceOf(folder, 0, 200), '--store', join(folder, 'shop.db'), '--rate', '20']
  const first = startChild(args)
  await once(first.stdout!, 'data')
  const second = await runChild(args)
  expect(second.code).toBe(1)
  expect(second.output).toContain('LEASE_HELD')
  first.kill('SIGINT')
  const [code] = await once(first, 'close')
  expect(code).toBe(130)
}, 20_000)

test('what is wrong is said in words', async () => {
  const folder = folderOfTest()
  const option = await runChild(['--colour'])
  expect(option.code).toBe(2)
  expect(option.output).toContain("Unknown option '--colour'")
  expect(option.output).toContain('npm start -- --help')

  const ledger = join(folder, 'ledger.ndjson')
  writeFileSync(ledger, 'nonsense\n')
  const invalid = await runChild(['--data', ledger, '--store', join(folder, 'shop.db')])
  expect(invalid.code).toBe(1)
  expect(invalid.output).toContain('ledger.ndjson, line 1 is not JSON')

  const foreign = await runChild(['--data', ledger, '--store', ledger])
  expect(foreign.code).toBe(1)
  expect(foreign.output).toContain('STORE_FOREIGN')
}, 20_000)
