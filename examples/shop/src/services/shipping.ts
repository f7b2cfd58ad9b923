import { service } from 'millrace'
import { OrderConfirmed, ShipmentDelivered, ShipmentDispatched, ShipmentPrepared } from '../contracts.ts'

/** How long a parcel is under way: days at home and abroad, and how long a day takes here. */
const daysUnderWay = (country: string): number => (country === 'United Kingdom' ? 2 : 5)
const dayMs = 20

/** Packs, hands over and follows parcels. Each step is an event, and the next step reacts to it. */
export const shipping = service('shipping')
  .on(OrderConfirmed, ({ data: { orderId, customer, country, pieces } }, { publish }) => {
    publish(ShipmentPrepared, { orderId, customer, country, pieces, trackingCode: `GB-${orderId}` })
  })
  .on(ShipmentPrepared, ({ data: { orderId, customer, country, trackingCode } }, { publish }) => {
    publish(ShipmentDispatched, { orderId, customer, country, trackingCode })
    // It is not delivered yet: the event is published later, also if the shop is closed in between.
    publish(ShipmentDelivered, { orderId }, { afterMs: daysUnderWay(country) * dayMs })
  })
