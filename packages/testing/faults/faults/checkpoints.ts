import type { Edit } from '../edits/edit.ts'
import type { Random } from '../random.ts'

/**
 * Changes with which the log is copied to the file every so many pages, for half of the seeds: in a trial as short as these a
 * checkpoint would hardly ever come.
 */
export function frequentCheckpoints(random: Random): readonly Edit[] {
  if (random.chance(0.5)) return []
  const pages = 5 + random.below(100)
  return [
    {
      file: 'sqlite/open/settings.ts',
      from: 'export const checkpointPages = 2000',
      to: `export const checkpointPages = ${pages}`,
    },
  ]
}
