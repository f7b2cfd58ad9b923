import { expectTypeOf } from 'expect-type'
import {
  type Application,
  type ApplicationConfig,
  defineCommand,
  defineEvent,
  defineQuery,
  type Published,
} from 'millrace'
import { z } from 'zod'

declare const app: Application

const Order = defineEvent('shop.order', { schema: z.object({ id: z.string(), lines: z.array(z.number()).readonly() }) })
const Charge = defineCommand('shop.charge', {
  schema: z.object({ cents: z.number() }),
  reply: z.object({ receipt: z.string() }),
})
const Forget = defineCommand('shop.forget', { schema: z.object({ id: z.string() }) })
const Price = defineQuery('shop.price', { schema: z.object({ sku: z.string() }), reply: z.coerce.number() })

expectTypeOf(app.publish(Order, { id: 'a', lines: [1] })).toEqualTypeOf<Promise<Published>>()
// @ts-expect-error wrong type deep inside
app.publish(Order, { id: 'a', lines: ['1'] })
// @ts-expect-error a field too many
app.publish(Order, { id: 'a', lines: [], total: 1 })
// @ts-expect-error a command is sent, not published
app.publish(Forget, { id: 'a' })
// @ts-expect-error a query is requested, not sent
app.send(Price, { sku: 'a' })
// @ts-expect-error an event is published, not requested
app.request(Order, { id: 'a', lines: [] })
// @ts-expect-error a time is a Date
app.publish(Order, { id: 'a', lines: [] }, { at: '2025-01-01' })

expectTypeOf(app.request(Charge, { cents: 1 })).resolves.toEqualTypeOf<{ receipt: string }>()
expectTypeOf(app.request(Price, { sku: 'a' })).resolves.toEqualTypeOf<number>()
expectTypeOf(app.request(Forget, { id: 'a' })).resolves.toEqualTypeOf<void>()
expectTypeOf(app.send(Charge, { cents: 1 })).resolves.toEqualTypeOf<Published>()

// A result cannot be changed.
expectTypeOf<Published>().toEqualTypeOf<Readonly<Published>>()
expectTypeOf<ApplicationConfig>().toEqualTypeOf<Readonly<ApplicationConfig>>()
