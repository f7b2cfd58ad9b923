export { type EventuallyOptions, eventually } from './eventually.ts'
export { type SimulatedClock, simulatedClock } from './simulated-clock.ts'
