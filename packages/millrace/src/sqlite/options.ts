import { MillraceError } from '../base/index.ts'

/** How the SQLite engine behaves. Every option may be left out. */
export interface SqliteOptions {
  /**
   * `full` (the default): a commit that resolved survives power loss. `normal`: it survives the death of the process, and
   * after power loss the newest commits may be missing, though never parts of one.
   */
  readonly synchronous?: 'full' | 'normal'
  /** How long a commit waits for other processes that hold the write lock before STORE_BUSY. Default 5,000. */
  readonly busyTimeoutMs?: number
  /** How many bytes may wait to be committed before STORE_OVERLOADED. Default 268,435,456 (256 MiB). */
  readonly maxPendingBytes?: number
  /** How long ids chosen by callers, and inbox marks, are remembered to detect duplicates. Default 604,800,000 (7 days). */
  readonly dedupWindowMs?: number
  /** How many of each are remembered at most; beyond that the oldest are forgotten. Default 1,000,000. */
  readonly dedupWindowCount?: number
}

export type Settings = Required<SqliteOptions>

const defaults: Settings = {
  synchronous: 'full',
  busyTimeoutMs: 5_000,
  maxPendingBytes: 256 * 1024 * 1024,
  dedupWindowMs: 7 * 24 * 60 * 60 * 1_000,
  dedupWindowCount: 1_000_000,
}

/**
 * The options with their defaults.
 * @throws CONFIG_INVALID for an unknown option or a value that it cannot have
 */
export function settingsOf(options: SqliteOptions): Settings {
  for (const [option, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaults, option)) {
      refuse(option, `the SQLite engine knows only ${Object.keys(defaults).join(', ')}`)
    }
    if (value === undefined) continue
    if (option === 'synchronous') {
      if (value !== 'full' && value !== 'normal') refuse(option, "it is neither 'full' nor 'normal'")
    } else if (!(Number.isSafeInteger(value) && Number(value) >= 0)) {
      refuse(option, 'it is not a whole number from 0 on')
    }
  }
  return { ...defaults, ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) }
}

function refuse(option: string, reason: string): never {
  throw new MillraceError('CONFIG_INVALID', { option, reason })
}
