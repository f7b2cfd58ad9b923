import { suiteOf } from './fault-suite.ts'
import { faults } from './faults/index.ts'
import { simulationSuite } from './simulation/suite.ts'
import type { Suite } from './suite.ts'

/** All that the command can run, in this order. */
export const suites: readonly Suite[] = [...faults.map(suiteOf), simulationSuite()]
