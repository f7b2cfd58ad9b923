import { report } from '../channel.ts'
import { everything, Plain } from '../contracts.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

const timeoutMs = 2_000

/** Publishes, waits until it is handled, and reads: what it published must be there to be seen. */
export const wait: Kind = {
  weight: 1,
  async run(work, id) {
    const ids: string[] = []
    let last = 0
    for (let index = 0; index < 3; index++) {
      const data = task(`${id}.${index}`)
      const published = await perform(
        data.id,
        { kind: 'wait', messages: [messageOf(data, Plain.topic)] },
        () => work.app.publish(Plain, data),
        ({ position }) => ({ positions: [position] }),
      )
      if (published === undefined) return
      ids.push(data.id)
      last = published.position
    }
    await readPosition(work, ids.at(-1)!, last)
    if (work.random.chance(0.5)) await readEffects(work, ids)
  },
}

/** A publish that resolved has told a position: whoever reads there must find the event. */
async function readPosition({ app }: Work, id: string, position: number): Promise<void> {
  const seen: string[] = []
  for await (const { event } of app.events(everything, { from: { position }, live: false })) {
    seen.push((event.data as { readonly id: string }).id)
    break
  }
  report({ type: 'wait', what: `position ${position} of the log`, expected: [id], seen })
}

/** The subscription that is waited for has no failures of its own: what is put aside for a retry is not waited for. */
async function readEffects({ app }: Work, ids: readonly string[]): Promise<void> {
  const name = 'mirror'
  const late = AbortSignal.timeout(timeoutMs)
  const gaveUp = new Promise<'late'>((resolve) => late.addEventListener('abort', () => resolve('late')))
  const idle = app.idle([name])
  idle.catch(() => {})
  if ((await Promise.race([idle, gaveUp])) === 'late') return
  const rows = await app.query(
    `SELECT message FROM effect WHERE subscription = ? AND message IN (${ids.map(() => '?').join(', ')})`,
    name,
    ...ids,
  )
  const seen = rows.map(({ message }) => String(message))
  report({ type: 'wait', what: `the effects of '${name}'`, expected: ids, seen })
}
