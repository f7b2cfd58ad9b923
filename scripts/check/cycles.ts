interface Link {
  readonly from: string
  readonly to: string
}

/** The shortest way from `start` back to `start`, or undefined when there is none. */
function wayBack(start: string, next: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] | undefined {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const to of next.get(at) ?? []) {
      if (to === start) {
        const way = [start]
        for (let back: string | undefined = at; back !== undefined; back = cameFrom.get(back)) way.unshift(back)
        return way
      }
      if (cameFrom.has(to)) continue
      cameFrom.set(to, at)
      queue.push(to)
    }
  }
  return undefined
}

/**
 * The cycles of a directed graph, each as `[a, b, …, a]`: for each node on a cycle the shortest one through it, and each
 * cycle once.
 */
export function findCycles(links: Iterable<Link>): readonly (readonly string[])[] {
  const next = new Map<string, Set<string>>()
  for (const { from, to } of links) {
    const targets = next.get(from)
    if (targets === undefined) next.set(from, new Set([to]))
    else targets.add(to)
  }
  const found = new Map<string, readonly string[]>()
  for (const start of [...next.keys()].sort()) {
    const cycle = wayBack(start, next)
    if (cycle === undefined) continue
    const key = [...new Set(cycle)].sort().join('\n')
    if (!found.has(key)) found.set(key, cycle)
  }
  return [...found.values()]
}
