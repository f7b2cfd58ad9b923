import { test } from 'vitest'
import fc from 'fast-check'
import { sqlite } from 'millrace/sqlite'
import { steps } from '../src/store-model/steps.ts'
import { withStore } from '../src/store-contract/fixture.ts'
import { inspect } from 'node:util'
test('x', { timeout: 600_000 }, async (context) => {
  await fc.assert(fc.asyncProperty(steps, async (h) => { console.log(inspect(h.map((s:any)=>s.kind==='commit'?s.units.map((u:any)=>u.filter((p:any)=>p.kind==='settle'||p.kind==='operate'||p.kind==='append').map((p:any)=>JSON.stringify(p))):s), {depth:9, maxArrayLength:1000, breakLength:300})) }), { seed: Number(process.env.SEED), path: process.env.FPATH!, endOnFailure: true, numRuns: 1 })
})
