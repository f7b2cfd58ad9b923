import * as arktype from 'arktype'
import { expectTypeOf } from 'expect-type'
import {
  type CommandContract,
  type DataOf,
  defineCommand,
  defineEvent,
  defineQuery,
  type EventContract,
  type InputOf,
  type QueryContract,
  type ReplyOf,
} from 'millrace'
import * as v from 'valibot'
import { z } from 'zod'

// The input of the schema is what a publisher passes, the output what a handler gets.
const Order = defineEvent('shop.order', {
  schema: z.object({
    id: z.string().trim(),
    at: z.iso.datetime().transform((text) => new Date(text)),
    note: z.string().default(''),
  }),
  key: (order) => {
    expectTypeOf(order).toEqualTypeOf<{ id: string; at: Date; note: string }>()
    return order.id
  },
})
expectTypeOf<InputOf<typeof Order>>().toEqualTypeOf<{ id: string; at: string; note?: string | undefined }>()
expectTypeOf<DataOf<typeof Order>>().toEqualTypeOf<{ id: string; at: Date; note: string }>()
expectTypeOf(Order).toExtend<EventContract>()
expectTypeOf(Order).not.toExtend<CommandContract>()

// Every Standard Schema library.
const Valibot = defineEvent('shop.valibot', { schema: v.object({ n: v.pipe(v.string(), v.transform(Number)) }) })
expectTypeOf<InputOf<typeof Valibot>>().toEqualTypeOf<{ n: string }>()
expectTypeOf<DataOf<typeof Valibot>>().toEqualTypeOf<{ n: number }>()
const Arktype = defineEvent('shop.arktype', { schema: arktype.type({ n: 'string.numeric.parse' }) })
expectTypeOf<InputOf<typeof Arktype>>().toEqualTypeOf<{ n: string }>()
expectTypeOf<DataOf<typeof Arktype>>().toEqualTypeOf<{ n: number }>()

// Replies.
const Charge = defineCommand('shop.charge', {
  schema: z.object({ cents: z.number() }),
  reply: z.object({ at: z.iso.datetime().transform((text) => new Date(text)) }),
})
expectTypeOf<ReplyOf<typeof Charge>>().toEqualTypeOf<{ at: Date }>()
expectTypeOf(Charge).toExtend<CommandContract>()
const Forget = defineCommand('shop.forget', { schema: z.object({}) })
expectTypeOf<ReplyOf<typeof Forget>>().toEqualTypeOf<void>()
const Price = defineQuery('shop.price', { schema: z.string(), reply: z.number() })
expectTypeOf<ReplyOf<typeof Price>>().toEqualTypeOf<number>()
expectTypeOf(Price).toExtend<QueryContract>()

// What JSON changes on the way cannot be passed: a Date would come out as a string.
// @ts-expect-error the input has a Date
defineEvent('shop.date', { schema: z.object({ at: z.date() }) })
// @ts-expect-error the input has a Date deep inside
defineEvent('shop.deep', { schema: z.object({ lines: z.array(z.object({ at: z.date().optional() })) }) })
// @ts-expect-error the input has a Map
defineEvent('shop.map', { schema: z.object({ lines: z.map(z.string(), z.number()) }) })
// @ts-expect-error the input is a bigint
defineEvent('shop.bigint', { schema: z.bigint() })
// @ts-expect-error the input is binary
defineEvent('shop.binary', { schema: z.object({ file: z.instanceof(Uint8Array) }) })
// @ts-expect-error the reply has a Date
defineQuery('shop.when', { schema: z.object({}), reply: z.object({ at: z.date() }) })
defineEvent('shop.fine', {
  schema: z.object({
    a: z.string().nullable(),
    b: z.record(z.string(), z.array(z.number())),
    c: z.unknown().optional(),
  }),
})

// @ts-expect-error an event has no reply
defineEvent('shop.reply', { schema: z.object({}), reply: z.object({}) })
// @ts-expect-error a query needs one
defineQuery('shop.ask', { schema: z.object({}) })
// @ts-expect-error the key is a text
defineEvent('shop.key', { schema: z.object({ n: z.number() }), key: ({ n }) => n })
// @ts-expect-error no such option
defineEvent('shop.option', { schema: z.object({}), retention: 1 })
