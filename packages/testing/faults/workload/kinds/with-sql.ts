import { message } from 'millrace'
import { WithSql } from '../contracts.ts'
import { caller, effectStatement } from '../services.ts'
import { type Kind, messageOf, perform, task } from '../work.ts'

/** A row of the caller's own and a message in one unit. Some of the units have a statement that fails. */
export const withSql: Kind = {
  weight: 3,
  async run({ app, random }, id) {
    const data = task(id)
    const row = effectStatement(caller, id, 0)
    const wrong = { text: 'INSERT INTO effect (sequence, subscription) VALUES (NULL, NULL)', parameters: [] }
    await perform(
      id,
      { kind: 'with-sql', messages: [messageOf(data, WithSql.topic)] },
      () => app.sql(random.chance(0.3) ? [row, wrong] : [row], [message(WithSql, data)]),
      ([published]) => ({ positions: [published!.position] }),
    )
  },
}
