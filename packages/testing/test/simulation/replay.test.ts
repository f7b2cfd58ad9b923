import { expect, test, vi } from 'vitest'
import { seedLines, simulate } from './run.ts'

vi.setConfig({ testTimeout: 60_000 })

test('a seed does the same in every process, whatever ran there before', async () => {
  const [many, again, alone] = await Promise.all([
    simulate(['--first', '1', '--seeds', '20']),
    simulate(['--first', '1', '--seeds', '20']),
    simulate(['--first', '15', '--seeds', '2']),
  ])
  const lines = seedLines(many)
  expect(lines).toHaveLength(20)
  expect(new Set(lines.map((line) => line.split('  ')[1])).size).toBe(20)
  expect(seedLines(again)).toEqual(lines)
  expect(seedLines(alone)).toEqual(lines.slice(14, 16))
})

test('a trace is the same to the last line', async () => {
  const [one, other] = await Promise.all([
    simulate(['--first', '4711', '--trace']),
    simulate(['--first', '4711', '--trace']),
  ])
  expect(one.output.split('\n').length).toBeGreaterThan(50)
  expect(other.output).toBe(one.output)
})

test('faults can be left out', async () => {
  const { output } = await simulate(['--seeds', '5', '--trace', '--without', 'crash,kill,break,freeze,stop,jump'])
  expect(output).toContain('HEALS')
  expect(output).not.toMatch(/CRASHES|FREEZES|JUMPS/)
})

test('what the command line does not know is refused with what it knows', async () => {
  expect(await simulate(['--without', 'rain'])).toMatchObject({
    code: 2,
    output: expect.stringContaining('crash, freeze'),
  })
})
