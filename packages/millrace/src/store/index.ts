export type * from './store.ts'
export type * from './unit.ts'
