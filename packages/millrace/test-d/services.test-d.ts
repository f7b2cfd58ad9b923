import { expectTypeOf } from 'expect-type'
import {
  collection,
  defineCommand,
  defineEvent,
  defineQuery,
  type Event,
  type HandlerContext,
  message,
  service,
} from 'millrace'
import { z } from 'zod'

const Order = defineEvent('shop.order', {
  schema: z.object({ id: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) }),
})
const Charge = defineCommand('shop.charge', {
  schema: z.object({ cents: z.number() }),
  reply: z.object({ receipt: z.string(), at: z.iso.datetime().transform((text) => new Date(text)) }),
})
const Forget = defineCommand('shop.forget', { schema: z.object({ id: z.string() }) })
const Price = defineQuery('shop.price', {
  schema: z.object({ sku: z.string() }),
  reply: z.object({ cents: z.number() }),
})
const orders = collection<{ total: number }>('orders')

// A handler gets the output of the schema.
service('s').on(
  Order,
  (event, context) => {
    expectTypeOf(event).toEqualTypeOf<Event<{ id: string; at: Date }>>()
    expectTypeOf(context).toEqualTypeOf<HandlerContext>()
  },
  { filter: ({ data }) => data.at > new Date(0) },
)

// A pattern's handler gets unknown data.
service('s').on('shop.**', ({ data }) => {
  expectTypeOf(data).toEqualTypeOf<unknown>()
})

// What a handler publishes is checked, too, and it returns the input of the reply.
service('s')
  .on(Order, async ({ data }, { publish, send, append, documents }) => {
    publish(Order, { id: data.id, at: '2025-01-01T00:00:00Z' })
    // @ts-expect-error a Date does not travel
    publish(Order, { id: data.id, at: data.at })
    // @ts-expect-error a field is missing
    publish(Order, { id: data.id })
    // @ts-expect-error a command is sent
    publish(Forget, { id: data.id })
    // @ts-expect-error an event is published
    send(Order, { id: data.id, at: '' })
    send(Forget, { id: data.id })
    // @ts-expect-error wrong type
    append('stream', Order, { id: 1, at: '' })
    expectTypeOf(await documents.get(orders, 'a')).toEqualTypeOf<{ total: number } | undefined>()
    documents.put(orders, 'a', { total: 1 })
    // @ts-expect-error wrong type
    documents.put(orders, 'a', { total: '1' })
  })
  .handle(Charge, ({ data }) => ({ receipt: `r-${data.cents}`, at: '2025-01-01T00:00:00Z' }))
  .answer(Price, async ({ data }) => ({ cents: data.sku.length }))
  .handle(Forget, () => {})

// @ts-expect-error the reply lacks a field
service('s').handle(Charge, () => ({ receipt: 'r' }))
// @ts-expect-error the reply is of another type
service('s').answer(Price, () => ({ cents: '1' }))
// @ts-expect-error a query is answered
service('s').on(Price, () => {})
// @ts-expect-error a command is handled
service('s').answer(Forget, () => {})
// @ts-expect-error no such option
service('s').on(Order, () => {}, { retries: 3 })
// @ts-expect-error no such option
service('s', { dispach: 'serial' })

// Messages for publishAll are checked where they are made.
message(Order, { id: 'a', at: '' })
// @ts-expect-error wrong type
message(Order, { id: 1, at: '' })

// A collection's values survive JSON.
expectTypeOf(collection<{ at: Date }>('dates')).not.toExtend<typeof orders>()

// A filter knows the data.
service('s').on(Order, () => {}, {
  // @ts-expect-error no such field
  filter: ({ data }) => data.total > 0,
})

// An event and its data are not to be changed.
service('s').on(Order, (event) => {
  // @ts-expect-error read-only
  event.id = 'other'
})
