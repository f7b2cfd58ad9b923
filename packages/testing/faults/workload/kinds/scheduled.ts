import { message } from 'millrace'
import { Plain, type Task, Timed } from '../contracts.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

interface Later {
  readonly data: Task
  readonly dueMs: number
}

/** Messages that are to be published later. Some are cancelled, some are set in one unit with others. */
export const scheduled: Kind = {
  weight: 3,
  async run(work, id) {
    const { app, random } = work
    const later = { data: task(id, null), dueMs: Date.now() + random.below(150) }
    if (random.chance(0.3)) {
      await withAnother(work, id, later)
      return
    }
    const chosen = random.chance(0.5)
    const set = await schedule(work, id, later, chosen)
    if (set === undefined || !random.chance(0.4)) return
    await perform(
      `${id}/cancel`,
      { kind: 'scheduled', cancels: [id] },
      () => app.schedule.cancel(set.id, chosen ? Timed : undefined),
      (wasThere) => ({ inVain: !wasThere }),
    )
  },
  async repeat(work, id, what) {
    await schedule(work, id, what as Later, true)
  },
}

const schedule = ({ app }: Work, operation: string, later: Later, chosen: boolean) =>
  perform(
    operation,
    {
      kind: 'scheduled',
      messages: [messageOf(later.data, Timed.topic, later.dueMs)],
      ...(chosen ? { repeat: later } : {}),
    },
    () => app.publish(Timed, later.data, { at: new Date(later.dueMs), ...(chosen ? { id: later.data.id } : {}) }),
  )

/** One message now and one later, in one unit. */
async function withAnother({ app }: Work, id: string, { data, dueMs }: Later): Promise<void> {
  const now = task(`${id}.now`)
  await perform(
    id,
    { kind: 'scheduled', messages: [messageOf(now, Plain.topic), messageOf(data, Timed.topic, dueMs)] },
    () => app.publishAll([message(Plain, now), message(Timed, data, { at: new Date(dueMs) })]),
    ([published]) => ({ positions: [published!.position, undefined] }),
  )
}
