import { hash } from 'node:crypto'

/**
 * A number from 0 up to 1 that looks random and depends on nothing but the arguments: the same seed brings the same
 * trouble, in whatever order and however often the shop is killed and started again.
 */
export function chance(seed: number, ...about: readonly (string | number)[]): number {
  return Number.parseInt(hash('sha256', JSON.stringify([seed, ...about])).slice(0, 12), 16) / 2 ** 48
}
