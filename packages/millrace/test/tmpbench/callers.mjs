import { readFileSync } from 'node:fs'
const p = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const byId = new Map(p.nodes.map(n => [n.id, n])); const parent = new Map(); for (const n of p.nodes) for (const c of n.children ?? []) parent.set(c, n.id)
const sums = new Map()
p.samples.forEach((id, i) => { let n = byId.get(id); if (n.callFrame.functionName !== process.argv[3]) return; const path = []; for (let k = 0, x = parent.get(id); k < 5 && x; k++, x = parent.get(x)) path.push(byId.get(x).callFrame.functionName + ' ' + byId.get(x).callFrame.url.split('/').pop() + ':' + (byId.get(x).callFrame.lineNumber+1)); const key = path.join(' < '); sums.set(key, (sums.get(key) ?? 0) + p.timeDeltas[i]) })
for (const [k, v] of [...sums].sort((a, b) => b[1] - a[1]).slice(0, 8)) console.log((v / 1000).toFixed(0) + 'ms', k)
