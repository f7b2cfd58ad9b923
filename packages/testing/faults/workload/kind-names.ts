/** The names of all kinds of work; see `kinds/`. */
export type KindName = (typeof kindNames)[number]

const kindNames = [
  'plain',
  'repeated',
  'batch',
  'keyed',
  'retried',
  'parked',
  'dead',
  'scheduled',
  'request',
  'stream',
  'with-sql',
  'trimmed',
  'operated',
  'wait',
  'big',
] as const

/** All but those that are too heavy to be done beside others. */
export const allKinds: readonly KindName[] = kindNames.filter((name) => name !== 'big')
