import type { Settings } from '../measurement.ts'
import type { MemberTask, Share } from './tasks.ts'

/** What one member of a crew is told. */
export interface Assignment extends Settings, Share {
  readonly task: MemberTask
  readonly folder: string
}

/** When a member did its work, on the monotonic clock of the machine, which all processes share. */
export interface Worked {
  readonly beganMs: number
  readonly endedMs: number
}

export type MemberTold = 'ready' | Worked
