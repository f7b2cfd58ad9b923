import { collection, defineEvent, message, millrace, service, type Dispatch } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { z } from 'zod'
import { mkdtempSync, rmSync } from 'node:fs'
const E = defineEvent('bench.event', { schema: z.object({ key: z.string(), n: z.number(), text: z.string() }), key: (d) => d.key })
const C = collection<{ n: number }>('c')
const N = Number(process.env.N ?? 100_000)
const text = 'x'.repeat(150)
const mode = process.argv[2]!
const dir = mkdtempSync('/tmp/bench-')
const path = process.argv[3] === 'mem' ? ':memory:' : `${dir}/s.db`
async function publish() {
  const app = await millrace({ store: sqlite(path), contracts: [E] }).start()
  let next = 0
  const one = async () => { for (;;) { const n = next++; if (n >= N) return; await app.publish(E, { key: `k${n % 1000}`, n, text }) } }
  await one.call(null, ) , 0
  return app
}
async function main() {
  let left = N; const all = Promise.withResolvers<void>(); const hit = () => { if (--left === 0) all.resolve() }
  const s = (dispatch: Dispatch, async: boolean) => service('s', { dispatch }).on(E, async ? async ({ data }, { documents }) => { await null; hit(); documents.put(C, data.key, { n: data.n }) } : ({ data }, { documents }) => { hit(); documents.put(C, data.key, { n: data.n }) })
  await using app = await millrace({ store: sqlite(path), contracts: [E] }).start()
  let t = performance.now()
  if (mode === 'publish') {
    let next = 0
    const one = async () => { for (;;) { const n = next++; if (n >= N) return; await app.publish(E, { key: `k${n % 1000}`, n, text }) } }
    await Promise.all(Array.from({ length: 1000 }, one))
    const ms = performance.now() - t
    console.log('publish', Math.round(N / ms * 1000), '/s')
    return
  }
  for (let n = 0; n < N; n += 1000) await app.publishAll(Array.from({ length: 1000 }, (_, i) => message(E, { key: `k${(n + i) % 1000}`, n, text })))
  console.log('publishAll', Math.round(N / (performance.now() - t) * 1000), '/s')
  t = performance.now()
  const [dispatch, kind] = mode.split('-') as [Dispatch, string]
  const cpu = process.cpuUsage()
  await app.subscribe(s(dispatch, kind === 'async'))
  await all.promise
  const ms = performance.now() - t
  const used = process.cpuUsage(cpu)
  console.log(((used.user + used.system) / N).toFixed(1), 'us cpu', mode, Math.round(N / ms * 1000), '/s', process.memoryUsage().rss >> 20, 'MB')
}
await main()
rmSync(dir, { recursive: true })
