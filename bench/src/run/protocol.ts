import type { Sample, Settings } from '../measurement.ts'

/** What a child is to do: a measurement, or the preparation of one. */
export interface Task {
  /** With its group: `publish.batches`. */
  readonly measurement: string
  readonly preparing: boolean
  readonly folder: string
  readonly settings: Settings
}

/** What a child tells. */
export type Told = { readonly progress: string } | { readonly sample: Sample } | { readonly prepared: true }
