import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runChild } from './child.ts'
import { runWithKills } from './kills.ts'
import { sample, TemporaryFolder } from './slice.ts'
import { verify } from './verify.ts'

// npm run test:shop [-- --data PATH --kills N --seed S]: the whole ledger once undisturbed, then with kills.

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    kills: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
})
const root = resolve(import.meta.dirname, '..', '..', '..')
const given = values.data ?? process.env.MILLRACE_ORDERS
const whole =
  given === undefined
    ? join(root, '..', 'shared', 'data', 'online-retail', 'orders.ndjson.gz')
    : resolve(process.env.INIT_CWD ?? '.', given)
const [kills, seed] = [Number(values.kills), Number(values.seed)]
if (!Number.isSafeInteger(kills) || !Number.isSafeInteger(seed))
  throw new Error('--kills and --seed take whole numbers')
const failures: string[] = []

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
const say = (text: string): void => console.log(text)

async function undisturbed(data: string): Promise<void> {
  using folder = new TemporaryFolder()
  const store = join(folder.path, 'shop.db')
  const end = await runChild(['--data', data, '--store', store, '--rate', '0', '--seed', String(seed)])
  if (end.code !== 0) throw new Error(`The shop ended with ${end.code ?? end.signal}:\n${end.output}`)
  const { orders, cancellations, retries, faults } = await verify(store, data)
  say(end.output)
  say(`${end.entries} entries, ${orders} orders, ${cancellations} cancellations in ${seconds(end.ms)}`)
  say(`${retries.payments} payments and ${retries.emails} e-mails retried; ${faults.length} faults\n`)
  failures.push(...faults)
}

async function killed(data: string, longestMs: number): Promise<void> {
  say(`${kills} times SIGKILL, seed ${seed}, over ${data}`)
  const startedMs = performance.now()
  const rounds = await runWithKills({
    data,
    kills,
    seed,
    longestMs,
    onKill: ({ number, moment, entries }) =>
      say(
        `  kill ${String(number).padStart(3)}/${kills} ${String(Math.round(moment.ms)).padStart(4)} ms after the ` +
          `${moment.since.padEnd(10)}  ${entries === undefined ? '' : `at entry ${entries} or later`}`,
      ),
    onRound: ({ number, kills, ms, orders, retries, faults }) =>
      say(
        `  store ${number}: done after ${kills} kills in ${seconds(ms)}; ${orders} orders, ` +
          `${retries.payments} + ${retries.emails} retries, ${faults.length} faults`,
      ),
  })
  failures.push(...rounds.flatMap(({ faults, folder }) => faults.map((fault) => `${fault} (kept in ${folder})`)))
  say(`${rounds.length} stores in ${seconds(performance.now() - startedMs)}\n`)
}

if (existsSync(whole)) await undisturbed(whole)
else if (given !== undefined) failures.push(`there is no file ${whole}`)
else say(`SKIPPED: the whole ledger is not at ${whole}. Pass it with --data; here only the sample is run.\n`)
if (failures.length === 0) await (existsSync(whole) ? killed(whole, 3_000) : killed(sample, 600))

for (const failure of failures) console.error(`FAULT ${failure}`)
say(failures.length === 0 ? 'All totals equal, no record twice.' : `${failures.length} faults`)
process.exitCode = failures.length === 0 ? 0 : 1
