export { type FaultKind, faultKinds, type Profile } from './profile.ts'
export { runSeed, type SeedRun } from './run.ts'
