import { Order, Question, type Task } from '../contracts.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

const timeoutMs = 3_000

/** Commands and queries whose reply is waited for. A command that is asked for again must get the first answer. */
export const request: Kind = {
  weight: 3,
  async run(work, id) {
    const data = task(id, work.random.chance(0.5) ? `o${work.random.below(4)}` : null)
    if (work.random.chance(0.4)) await ask(work, id, data)
    else if (work.random.chance(0.5)) await order(work, id, data, false)
    else {
      await order(work, `${id}/1`, data, true)
      if (work.random.chance(0.5)) await order(work, `${id}/2`, data, true)
    }
  },
  async repeat(work, id, what) {
    await order(work, id, what as Task, true)
  },
}

const order = ({ app }: Work, operation: string, data: Task, chosen: boolean): Promise<unknown> =>
  perform(
    operation,
    { kind: 'request', messages: [messageOf(data, Order.topic)], ...(chosen ? { repeat: data } : {}) },
    () => app.request(Order, data, { timeoutMs, ...(chosen ? { id: data.id } : {}) }),
    ({ id: message, value }) => ({ told: [{ subscription: 'clerk', message, value }] }),
  )

const ask = ({ app }: Work, operation: string, data: Task): Promise<unknown> =>
  perform(
    operation,
    { kind: 'request', messages: [messageOf(data, Question.topic)] },
    () => app.request(Question, data, { timeoutMs }),
    ({ id: message, value }) => ({ told: [{ subscription: 'clerk', message, value }] }),
  )
