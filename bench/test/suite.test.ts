import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { Results } from '../src/run/result.ts'

const run = promisify(execFile)
const main = new URL('../src/main.ts', import.meta.url).pathname
const bench = (...args: readonly string[]) => run(process.execPath, ['-C', 'millrace-source', main, ...args])

describe('the suite', () => {
  it('measures what is named beside its raw limit', async () => {
    const { stdout, stderr } = await bench(
      '--only',
      'publish.batches',
      '--events',
      '2000',
      '--runs',
      '2',
      '--json',
      '-',
    )
    const [group] = (JSON.parse(stdout) as Results).groups
    expect(group).toMatchObject({ name: 'publish', events: 2_000, runs: 2, synchronous: 'full', journal: 'WAL' })
    expect(group?.rows.map(({ name }) => name)).toEqual(['bare', 'batches'])
    for (const { values } of group!.rows) expect(values.perSecond?.min).toBeGreaterThan(0)
    expect(group?.rows[1]?.ratios.perSecond?.median).toBeGreaterThan(0)
    expect(stderr).toContain('publish.batches, run 2 of 2')
  }, 60_000)

  it('handles what it says it handles, with processes of its own', async () => {
    const { stdout } = await bench('--only', 'latency.across', '--events', '1000', '--runs', '1', '--json', '-')
    const across = (JSON.parse(stdout) as Results).groups[0]?.rows.find(({ name }) => name === 'across')
    expect(across?.values.p50Ms?.median).toBeGreaterThan(0)
  }, 60_000)

  it('says which figures there are when one is unknown', async () => {
    await expect(bench('--only', 'nothing')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining("There is no figure 'nothing'; there are: publish, publish.bare"),
    })
  })

  it('does not write a page of parts', async () => {
    await expect(bench('--only', 'publish.single', '--report')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--report writes whole groups'),
    })
  })
})
