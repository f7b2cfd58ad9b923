import type { DatabaseSync } from 'node:sqlite'

/** One thing that was checked, or one place where it does not hold. */
export interface Finding {
  readonly check: string
  readonly ok: boolean
  /** What holds; or what is wrong, and where. */
  readonly detail: string
}

/** A promise of the store file. `run` gives the places where it does not hold, at most `problemLimit` of them. */
export interface Check {
  readonly name: string
  readonly promise: string
  run(database: DatabaseSync, progress: (fraction: number) => void): readonly string[]
}

/** How many problems of one check are told: the first ones show what is wrong, and a damaged file has thousands. */
export const problemLimit = 10

/** SQL that is true when the column holds JSON of this type. */
export const isJson = (column: string, type: string): string =>
  `(json_valid(${column}) AND json_type(CASE WHEN json_valid(${column}) THEN ${column} END) = '${type}')`
