import type { StoreEngine } from 'millrace/engine'

/** How a store is synced: `full` before a commit is acknowledged, `normal` at checkpoints only. */
export type Synchronous = 'full' | 'normal'

/** What every measurement is told. */
export interface Settings {
  /** The base size: most measurements take this many events. */
  readonly events: number
  readonly synchronous: Synchronous
  /** Adds the sizes of ten million events. */
  readonly large: boolean
}

/** What a measurement has for one run, in a process of its own. */
export interface Context extends Settings {
  /** Removed after the run. What `prepare` left is in it. */
  readonly folder: string
  /** How many events to warm the compiler up with, on a scratch store, before anything is measured. */
  readonly warmUp: number
  /** The store in `folder`, synced as set. */
  store(name?: string): StoreEngine
  /** Tells whoever waits how far a long measurement is. */
  progress(text: string): void
}

/** A line of a plot: points of x and y in the units of the plot. */
export interface Curve {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

/** What one run gave, by the names of the metrics. */
export interface Sample {
  readonly values: Readonly<Record<string, number>>
  readonly curves?: readonly Curve[]
}

/** A store that is made once, in a process of its own, and copied for each run that begins with it. */
export interface Prepared {
  /** Measurements whose preparation has the same name share the store. */
  readonly name: string
  /** False: each run works on the one store, which it leaves as it found it. Default true: each run gets a copy. */
  readonly copied?: boolean
  make(context: Context): Promise<void>
}

/** Something that is measured in a process of its own, as often as there are runs. */
export interface Measurement {
  /** Within its group. */
  readonly name: string
  /** As it stands in the table. */
  readonly title: string
  /** The name of the raw limit in the same group that it is compared with. */
  readonly against?: string
  /** True for what does without Millrace. */
  readonly raw?: boolean
  /** The place on the x axis of a plot, where there is one. */
  readonly x?: number
  readonly prepare?: Prepared
  measure(context: Context): Promise<Sample>
}

export interface Metric {
  /** The name of the value in a sample. */
  readonly name: string
  /** The head of its column. */
  readonly title: string
  readonly unit: 'per second' | 'ms' | 'µs' | 'bytes' | 'MiB'
  /**
   * How it is compared with the raw limit: as the share of its rate, or as a multiple of its time or size; undefined: not
   * at all.
   */
  readonly compared?: 'share' | 'multiple'
  /** True when the worst of all runs counts, as with a maximum; else it is their median. */
  readonly worst?: boolean
}

/** What a figure is wanted to be: a ratio to the raw limit, or a bound of its own. */
export interface Wanted {
  /** The measurement and the metric. */
  readonly measurement: string
  readonly metric: string
  readonly ratioAtLeast?: number
  readonly atMost?: number
}

/** Measurements that are taken by turns and shown in one table. */
export interface Group {
  readonly name: string
  readonly title: string
  /** Markdown: what is measured and how, and what the raw limit does. */
  readonly about: string
  readonly metrics: readonly Metric[]
  readonly measurements: (settings: Settings) => readonly Measurement[]
  readonly wanted?: readonly Wanted[]
  readonly plots?: readonly Plot[]
  /** At most so many runs, where one takes long. */
  readonly maxRuns?: number
}

/** A plot of a group: curves of its samples, or one metric of its measurements over their x. */
export interface Plot {
  /** The name of the file. */
  readonly name: string
  readonly title: string
  readonly x: { readonly title: string; readonly logarithmic?: boolean }
  readonly y: { readonly title: string }
  /** Metrics over x, each with the name of its line. Without: the curves. */
  readonly lines?: readonly { readonly metric: string; readonly name: string }[]
  /** Describes the plot for those who cannot see it. */
  readonly alt: string
}
