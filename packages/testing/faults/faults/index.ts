import type { Fault } from '../fault.ts'
import { busy } from './busy.ts'
import { clockJump } from './clock-jump.ts'
import { damage } from './damage.ts'
import { diskFull } from './disk-full.ts'
import { fsyncError } from './fsync-error.ts'
import { kill } from './kill.ts'
import { memory } from './memory.ts'
import { mutants } from './mutants.ts'
import { powerLoss, powerLossUnsynced } from './power-loss.ts'
import { zombie } from './zombie.ts'

/** All faults, in the order in which they are tried. */
export const faults: readonly Fault[] = [
  mutants,
  kill,
  zombie,
  powerLoss,
  powerLossUnsynced,
  fsyncError,
  diskFull,
  busy,
  clockJump,
  damage,
  memory,
]
