import { readFileSync } from 'node:fs'
const p = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const byId = new Map(p.nodes.map(n => [n.id, n])); const self = new Map(); let total = 0
p.samples.forEach((id, i) => { const n = byId.get(id); const f = n.callFrame; const k = f.url.includes('/src/') ? f.url.split('/src/')[1] : f.functionName.startsWith('(') ? f.functionName : f.url.split('/').slice(-2).join('/'); self.set(k, (self.get(k) ?? 0) + p.timeDeltas[i]); total += p.timeDeltas[i] })
for (const [k, v] of [...self].sort((a, b) => b[1] - a[1]).slice(0, 24)) console.log((v / total * 100).toFixed(1) + '%', (v/1000).toFixed(0)+'ms', k)
