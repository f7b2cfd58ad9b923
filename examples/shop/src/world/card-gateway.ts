import { chance } from './chance.ts'

/** The company that charges cards for the shop. It is out of reach now and then, and never more than five times in a row. */
export interface CardGateway {
  /**
   * Charges a card. `idempotencyKey` tells the gateway that a second call is the same charge.
   * @throws Error when the gateway is out of reach: try again
   */
  charge(payment: Charge, attempt: number): Promise<void>
  refund(payment: Charge, attempt: number): Promise<void>
}

export interface Charge {
  readonly reference: string
  readonly pence: number
  readonly idempotencyKey: string
}

const outageRate = 0.05
const longestOutage = 5

export function cardGateway(seed: number): CardGateway {
  const call = async ({ reference }: Charge, attempt: number): Promise<void> => {
    if (attempt <= longestOutage && chance(seed, 'card gateway', reference, attempt) < outageRate) {
      throw new Error(`The card gateway is out of reach (${reference}, attempt ${attempt})`)
    }
  }
  return { charge: call, refund: call }
}
