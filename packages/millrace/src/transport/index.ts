export type * from './engine.ts'
export type * from './transport.ts'
