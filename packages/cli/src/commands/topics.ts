import { command } from '../command.ts'
import { bytes, count, relative } from '../output/format.ts'
import { replyRows } from '../reply.ts'
import { operate } from '../store.ts'

export const topics = command({
  name: 'topics',
  summary: 'List the topics, with what is in the log of each',
  run: (call) =>
    operate(call, async (operator) => {
      const found = await operator.topics()
      const now = Date.now()
      return replyRows(
        call,
        found,
        [
          { title: 'TOPIC', value: ({ name }) => name, flexible: true },
          { title: 'EVENTS', value: ({ events }) => count(events), align: 'right' },
          { title: 'DATA', value: (topic) => bytes(topic.bytes), align: 'right' },
          { title: 'EVER', value: ({ appended }) => count(appended), align: 'right' },
          { title: 'NEWEST', value: ({ lastMs }) => (lastMs === null ? '' : relative(lastMs, now)), align: 'right' },
          // Most topics have one type of their own name; then there is nothing to tell.
          {
            title: 'TYPES',
            optional: true,
            value: ({ name, types }) => types.filter((type) => type !== name).join(', '),
            flexible: true,
          },
        ],
        'There are no topics yet.',
      )
    }),
})
