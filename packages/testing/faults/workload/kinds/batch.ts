import { message } from 'millrace'
import { Keyed, Plain, type Task } from '../contracts.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

/** Several messages in one unit, of several topics: all or none. */
export const batch: Kind = {
  weight: 3,
  async run(work, id) {
    const { random } = work
    const chosen = random.chance(0.4)
    const tasks = Array.from({ length: 2 + random.below(12) }, (_, index) =>
      task(`${id}.${index}`, random.chance(0.5) ? `k${random.below(10)}` : null),
    )
    await publish(work, id, tasks, chosen)
  },
  async repeat(work, id, what) {
    await publish(work, id, what as readonly Task[], true)
  },
}

const contractOf = ({ key }: Task) => (key === null ? Plain : Keyed)

const publish = ({ app }: Work, operation: string, tasks: readonly Task[], chosen: boolean): Promise<unknown> =>
  perform(
    operation,
    {
      kind: 'batch',
      messages: tasks.map((data) => messageOf(data, contractOf(data).topic)),
      ...(chosen ? { repeat: tasks } : {}),
    },
    () => app.publishAll(tasks.map((data) => message(contractOf(data), data, chosen ? { id: data.id } : undefined))),
    (published) => ({ positions: published.map(({ position }) => position) }),
  )
