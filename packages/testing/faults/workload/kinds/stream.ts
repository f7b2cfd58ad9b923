import { message } from 'millrace'
import { Streamed, type Task } from '../contracts.ts'
import { type Kind, messageOf, perform, task, type Work } from '../work.ts'

interface Append {
  readonly name: string
  readonly revision: number
  readonly tasks: readonly Task[]
}

/** Appends to streams at the revision that was read, which others do, too: one of them must be refused. */
export const stream: Kind = {
  weight: 4,
  async run(work, id) {
    const { app, random } = work
    const name = `stream-${random.below(3)}`
    const known = revisions.get(name) ?? 0
    const read = await app.readStream(name, { from: known })
    const revision = read.at(-1) === undefined ? known : read.at(-1)!.revision + 1
    revisions.set(name, revision)
    const tasks = Array.from({ length: 1 + random.below(3) }, (_, index) => task(`${id}.${index}`, name))
    await append(work, id, { name, revision, tasks })
  },
  async repeat(work, id, what) {
    await append(work, id, what as Append)
  },
}

/** Where the streams ended when they were last read. */
const revisions = new Map<string, number>()

const append = ({ app }: Work, operation: string, { name, revision, tasks }: Append): Promise<unknown> =>
  perform(
    operation,
    {
      kind: 'stream',
      messages: tasks.map((data) => messageOf(data, Streamed.topic)),
      stream: { name, revision },
      repeat: { name, revision, tasks },
    },
    () =>
      app.append(
        name,
        tasks.map((data) => message(Streamed, data, { id: data.id })),
        { expectedRevision: revision === 0 ? 'none' : revision - 1 },
      ),
    (published) => ({ positions: published.map(({ position }) => position) }),
  )
