import type { Figure } from './figures.ts'
import type { MeasurementName, Outcome } from './measure/index.ts'
import type { Load } from './peer.ts'

/** A peer in one of its settings, with everything that was measured. */
export interface Row {
  readonly peer: string
  /** `safe`, `fast`, or `as found` on a server that was running already. */
  readonly setting: string
  /** What makes an event durable there, as the server told. */
  readonly durability: string
  readonly server: string
  /** npm packages and their versions. */
  readonly packages: Readonly<Record<string, string>>
  readonly load: Load
  readonly notes: string
  readonly figures: Readonly<Partial<Record<MeasurementName, Figure>>>
  readonly outcomes: Readonly<Partial<Record<MeasurementName, readonly Outcome[]>>>
  /** Measurements that did not come to an end, and why. */
  readonly failures: Readonly<Partial<Record<MeasurementName, string>>>
}

export interface Skipped {
  readonly peer: string
  readonly setting: string
  readonly why: string
}

/** Where the figures come from. */
export interface Machine {
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  /** Of the folder that all stores and servers write to. */
  readonly fileSystem: string
  /** The median of appending 4 KiB to a file and syncing it (fdatasync). */
  readonly syncMs: number
}

export interface Result {
  readonly date: string
  readonly commit: string
  readonly machine: Machine
  readonly events: number
  readonly idleEvents: number
  readonly runs: number
  readonly maxMs: number
  readonly rows: readonly Row[]
  readonly skipped: readonly Skipped[]
}

/** The row that the others are compared with. */
export const ours = 'Millrace'
