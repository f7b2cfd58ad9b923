import { parseArgs } from 'node:util'
import { handleBacklog, idleHandle } from './handle.ts'
import { type Figure, median, percentiles } from './measure.ts'
import { idlePublish, publishBatches, publishSingle } from './publish.ts'
import { rawLimits } from './raw.ts'

const { values } = parseArgs({
  options: {
    events: { type: 'string', default: '200000' },
    runs: { type: 'string', default: '3' },
    json: { type: 'boolean' },
  },
})
const count = Math.max(1_000, Math.round(Number(values.events) / 1_000) * 1_000)
const runs = Math.max(1, Number(values.runs))
const say = (text: string): void => void process.stderr.write(`${text}\n`)

const insert = await median(runs, async () => (await rawLimits(count)).insert)
const readAndParse = await median(runs, async () => (await rawLimits(count)).readAndParse)
const figures: Figure[] = [
  { name: 'raw: node:sqlite inserts, 1,000 a transaction', perSecond: insert },
  { name: 'raw: select and JSON.parse', perSecond: readAndParse },
]

async function against(raw: number, name: string, measure: () => Promise<number>): Promise<void> {
  say(`measuring ${name} …`)
  const perSecond = await median(runs, measure)
  figures.push({ name, perSecond, ratioToRaw: Number((perSecond / raw).toFixed(2)) })
}

await against(insert, 'published, single calls, 1,000 in flight', () => publishSingle(count, 1_000))
await against(insert, 'published, units of 1,000', () => publishBatches(count, 1_000))
await against(readAndParse, 'handled with a document, serial', () => handleBacklog(count, 'serial'))
await against(readAndParse, 'handled with a document, keyed', () => handleBacklog(count, 'keyed'))
await against(readAndParse, 'handled with a document, concurrent', () => handleBacklog(count, 'concurrent'))
say('measuring latencies …')
figures.push({ name: 'publish until durable, one every 5 ms', ...percentiles(await idlePublish(1_000)) })
figures.push({ name: 'publish until handled, one every 5 ms', ...percentiles(await idleHandle(1_000)) })

const result = { events: count, runs, synchronous: 'FULL', node: process.version, figures }
if (values.json) console.log(JSON.stringify(result, null, 2))
else {
  console.log(
    `synchronous=FULL, WAL, ${count} events of about 200 bytes, median of ${runs} runs, Node.js ${process.version}`,
  )
  console.table(Object.fromEntries(figures.map(({ name, ...figure }) => [name, figure])))
}
