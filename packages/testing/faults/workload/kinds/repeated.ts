import { Plain, type Task } from '../contracts.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

/** Events with an id of the publisher's choice: published twice, and again when nobody knows whether they were. */
export const repeated: Kind = {
  weight: 3,
  async run(work, id) {
    const data = task(id, null, { derive: ['done'] })
    const first = publish(work, `${id}/1`, data)
    if (work.random.chance(0.5)) await first
    const second = work.random.chance(0.5) ? publish(work, `${id}/2`, data) : undefined
    await Promise.all([first, second])
  },
  async repeat(work, id, what) {
    await publish(work, id, what as Task)
  },
}

const publish = ({ app }: Work, operation: string, data: Task): Promise<unknown> =>
  perform(
    operation,
    { kind: 'repeated', messages: [messageOf(data, Plain.topic)], repeat: data },
    () => app.publish(Plain, data, { id: data.id }),
    ({ position }) => ({ positions: [position] }),
  )
