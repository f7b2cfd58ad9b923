import type { ReporterOptions } from 'knip'

/** A reporter for knip that says how many files it looked at: knip itself tells only what it found. */
// biome-ignore lint/style/noDefaultExport: knip takes the default export of a reporter.
export default ({ counters }: ReporterOptions): void => {
  console.log(`looked at ${counters.total} files`)
}
