export { type EventuallyOptions, eventually } from './eventually.ts'
export {
  type FaultyTransport,
  type FaultyTransportOptions,
  faultyTransport,
  type TransportFaults,
} from './faulty-transport/index.ts'
export { type SimulatedClock, simulatedClock } from './simulated-clock.ts'
