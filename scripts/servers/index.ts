// What benchmarks and tests of other folders use.
export type { Durability, Tools } from './engine.ts'
export { type FreshServer, freshServer } from './fresh.ts'
export { enginesNamed } from './servers.ts'
export { enginesFolder } from './state.ts'
