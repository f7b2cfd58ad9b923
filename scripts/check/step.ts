/** What a step of the static checks found. A step passes when it has no failures. */
export interface Findings {
  /** What was looked at, in numbers: `58 files, 212 imports`. */
  readonly looked: string
  /** Each failure in full, as shown to the reader. */
  readonly failures: readonly string[]
  /** What is worth a look and fails nothing. */
  readonly warnings?: readonly string[]
}

/** One named step of `npm run check`. It leaves no files behind but git-ignored ones. */
export interface Step {
  readonly name: string
  readonly title: string
  run(root: string): Promise<Findings>
}

/** Findings of a step that found nothing to look at: that is a failure, for it would pass forever. */
export const nothingToLookAt = (what: string): Findings => ({
  looked: `no ${what}`,
  failures: [`There is nothing to check: no ${what}. A check that looks at nothing proves nothing.`],
})

/** `3 files`, `1 file`. */
export const count = (n: number, singular: string, plural = `${singular}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? singular : plural}`
