/** What these lines cost together, in pence. */
export function costOf(lines: readonly { readonly quantity: number; readonly unitPricePence: number }[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * line.unitPricePence, 0)
}

/** `£1,234.56` for 123456 pence. */
export function pounds(pence: number): string {
  const sign = pence < 0 ? '-' : ''
  const whole = Math.floor(Math.abs(pence) / 100).toLocaleString('en-GB')
  const rest = String(Math.abs(pence) % 100).padStart(2, '0')
  return `${sign}£${whole}.${rest}`
}
