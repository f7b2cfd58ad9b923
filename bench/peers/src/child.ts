// One measurement of one peer in a process of its own; the parent sends the job and gets the outcome over IPC.
import { measurements } from './measure/index.ts'
import { loadPeer } from './peers/index.ts'
import type { Job, Reply } from './run.ts'

async function measure({ peer: name, measurement, target, amount }: Job): Promise<Reply> {
  const peer = await loadPeer(name)
  const { purpose, run } = measurements[measurement]
  const mine = { ...target, purpose }
  try {
    const outcome = await run(peer, mine, amount)
    // Asked after the measurement, with a connection of its own: the server as it was measured.
    await using session = await peer.open(mine)
    return { outcome, durability: session.durability, server: session.server }
  } finally {
    await peer.clear?.(mine)
  }
}

const failed = (error: unknown): Reply => ({
  failed: error instanceof Error ? (error.stack ?? error.message) : String(error),
})

process.once('message', async (job: Job) => {
  const reply = await measure(job).catch(failed)
  process.send?.(reply, () => process.exit(0))
})
