import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { freshServer } from '../fresh.ts'
import { freePorts } from '../lifecycle.ts'
import { enginesNamed, start, status, stop } from '../servers.ts'
import { afterName, type Instance, identityOf, instances, isAlive, writeInstance } from '../state.ts'
import { tinyEngine } from './tiny-engine.ts'

const said: string[] = []
const tools = { say: (text: string): void => void said.push(text) }
const tiny = tinyEngine()

test('a process is told by the fields after its name, whatever that is', () => {
  const fields = ['S', ...Array.from({ length: 19 }, (_, index) => String(index))]
  expect(afterName(`42 (a ) name) ${fields.join(' ')}`)).toEqual(fields)
})

test('an unknown name is refused with the known ones', () => {
  expect(() => enginesNamed(['oracle'])).toThrow(/oracle.*postgres, kafka/)
})

// The life of a process is read from /proc.
describe.skipIf(process.platform !== 'linux')('a server', () => {
  let folder: string

  beforeEach(() => {
    said.length = 0
    folder = mkdtempSync(join(tmpdir(), 'millrace-servers-'))
    vi.stubEnv('MILLRACE_ENGINES_DIR', folder)
  })
  afterEach(async () => {
    for (const { pid, startedTicks } of instances()) {
      if (isAlive({ pid, startedTicks })) process.kill(pid, 'SIGKILL')
    }
    vi.unstubAllEnvs()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })

  const started = async (): Promise<Instance> => {
    const [port] = await freePorts(1)
    await start(tiny, { port: port! }, tools)
    return instances()[0]!
  }

  test('is started, answers, and is gone with its files when it is stopped', async () => {
    const instance = await started()
    const [, row] = await status([tiny])
    expect(row).toMatchObject({ address: `tiny://127.0.0.1:${instance.port}`, version: '1.2' })
    expect(row?.state).toMatch(/running, ours; as safe as can be/)
    expect(await stop([tiny], tools)).toBe(1)
    expect(isAlive(instance)).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  })

  test('that answers already is used as it is, and not stopped', async () => {
    const { port, pid } = await started()
    const elsewhere = mkdtempSync(join(tmpdir(), 'millrace-servers-'))
    vi.stubEnv('MILLRACE_ENGINES_DIR', elsewhere)
    expect((await start(tiny, { port }, tools)).state).toMatch(/used as it is/)
    expect(await stop([tiny], tools)).toBe(0)
    expect(identityOf(pid)).toBeDefined()
    rmSync(elsewhere, { recursive: true })
    vi.stubEnv('MILLRACE_ENGINES_DIR', folder)
  })

  test('that was killed starts again in its place', async () => {
    const first = await started()
    process.kill(first.pid, 'SIGKILL')
    await vi.waitUntil(() => !isAlive(first))
    expect((await start(tiny, { port: first.port }, tools)).state).toMatch(/^started/)
    const [second] = instances()
    expect(second?.pid).not.toBe(first.pid)
    expect(isAlive(second!)).toBe(true)
  })

  test('a process that has the pid of a dead server by now is left alone', async () => {
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    try {
      const place = join(folder, 'tiny-7')
      mkdirSync(place)
      const pid = stranger.pid!
      writeInstance({ ...(await started()), port: 7, folder: place, pid, startedTicks: '1' })
      expect(await stop([tiny], tools)).toBe(2)
      expect(existsSync(place)).toBe(false)
      expect(identityOf(pid)).toBeDefined()
    } finally {
      stranger.kill('SIGKILL')
    }
  })

  test('of a test or benchmark goes with its scope, and is not stopped by anybody else', async () => {
    let instance: Instance
    {
      await using server = await freshServer(tiny, 'fast', tools)
      instance = instances()[0]!
      expect(server.address).toBe(`tiny://127.0.0.1:${instance.port}`)
      expect(server.durability).toBe('as fast as can be')
      expect(await stop([tiny], tools)).toBe(0)
      expect(said.at(-1)).toMatch(/left alone/)
      expect(isAlive(instance)).toBe(true)
    }
    expect(isAlive(instance)).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  })

  test('that ends at once is reported with the end of its log', async () => {
    const broken = tinyEngine({ program: "throw new Error('no room on the disk')" })
    await expect(freshServer(broken, 'safe', tools)).rejects.toThrow(/it ended[\s\S]*no room on the disk/)
    expect(instances().filter(isAlive)).toEqual([])
  })

  test('that cannot be installed says how it could be', async () => {
    const absent = { ...tiny, missing: () => ['tinyd'] }
    vi.spyOn(process, 'getuid').mockReturnValue(1_000)
    vi.stubEnv('MILLRACE_ENGINES_DIR', folder)
    await expect(freshServer(absent, 'safe', tools)).rejects.toThrow(/tinyd not found.*(apt-get|install it your way)/s)
    vi.restoreAllMocks()
  })
})
