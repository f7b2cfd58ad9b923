import { defineEvent } from 'millrace'
import { z } from 'zod'

/** Events with a key and a number, in two types, for tests that do not care what happened. */
const schema = z.object({ key: z.string(), n: z.number() })

export type Numbered = z.infer<typeof schema>

export const Ordered = defineEvent('test.ordered', { schema, key: ({ key }) => key })
export const Changed = defineEvent('test.changed', { schema, key: ({ key }) => key })
/** Without a key. */
export const Noted = defineEvent('test.noted', { schema: z.object({ n: z.number() }) })
