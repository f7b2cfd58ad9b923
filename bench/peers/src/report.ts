import type { Result, Row } from './result.ts'
import { asMarkdown, figuresTable, ratiosTable } from './table.ts'

const loadText = ({ load }: Row): string => {
  const single =
    load.callsInFlight === 1 ? 'one call at a time' : `${load.callsInFlight.toLocaleString('en')} calls in flight`
  const batches = `batches of ${load.batchSize.toLocaleString('en')}, ${load.batchesInFlight} at a time`
  const { one, hundred } = load.appendsInFlight ?? {}
  const appends = one === undefined ? '' : `; appends of 1, ${one.toLocaleString('en')} at a time, of 100, ${hundred}`
  return `${single}; ${batches}${appends}`
}

const packagesText = ({ packages }: Row): string =>
  Object.entries(packages)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')

function durabilityTable({ rows }: Result): string {
  const body = rows.map((row) => [`${row.peer}, ${row.setting}`, row.durability, row.server, packagesText(row)])
  return asMarkdown([['', 'an event is durable by', 'server or engine', 'packages'], ...body])
}

function usageTable({ rows }: Result): string {
  const peers = [...new Map(rows.map((row) => [row.peer, row])).values()]
  return asMarkdown([['', 'published with', 'how'], ...peers.map((row) => [row.peer, loadText(row), row.notes])])
}

function missing({ skipped, rows }: Result): string {
  const failed = rows.flatMap(({ peer, setting, failures }) =>
    Object.entries(failures).map(([name, why]) => `- ${peer}, ${setting}, ${name}: failed: ${why?.split('\n')[0]}`),
  )
  const left = skipped.map(({ peer, setting, why }) => `- ${peer}, ${setting}: ${why.split('\n')[0]}`)
  const lines = [...left, ...failed]
  return lines.length === 0 ? '' : `\n## Not measured\n\n${lines.join('\n')}\n`
}

function origin({ date, commit, machine, events, idleEvents, runs, maxMs }: Result): string {
  const many = (value: number): string => value.toLocaleString('en')
  const spread = runs === 1 ? 'One run.' : `The median of ${runs} runs, with the least and the most in brackets.`
  return `- Measured on ${date.slice(0, 10)} at commit ${commit}, with Node.js ${machine.node}, on ${machine.cores} cores
  (${machine.processor}), ${machine.memoryGiB} GiB, ${machine.system}.
- All stores and servers write to one disk (${machine.fileSystem}); appending 4 KiB to a file and syncing it takes
  ${machine.syncMs} ms there.
- ${many(events)} events a measurement, or as many as ${maxMs / 1_000} s allow; ${many(idleEvents)} for latencies. ${spread}`
}

const fairness = `- Each peer is used as its own documentation advises for speed: bulk calls, confirms with many in flight, prefetch, batches,
  concurrency. Numbers in flight were tried, and those of the best figures kept. Where a peer must choose between throughput and
  latency it has the better setting for each measurement. Millrace has its defaults throughout.
- Each measurement runs in a process of its own, on a queue, database or file of its own; the peers take turns, so that what
  disturbs the machine disturbs them all.
- Servers run beside the measuring process, on the same machine, and so have processor time of their own; Millrace works inside that
  process. Over a network the peers would be slower, and would serve many machines; an embedded store serves one. Nothing here is
  replicated: replication costs the peers time and gives them what Millrace does not have.
- The handler adds a total to a sum in memory. The clock stops when the acknowledgements have arrived: Millrace, Emmett and pg-boss
  have committed them as the setting says, BullMQ has moved the job, RabbitMQ has answered a call that came after them, and NATS
  counts none as pending. The sums are checked.
- Millrace validates each event by its schema on the way in, and keeps the order within each key while it handles; the queues (BullMQ,
  pg-boss) do neither.
- Latency is counted from the call of publish, in the process that also handles. Emmett's consumers poll, and wait up to a second when
  there was nothing to read; that cannot be set.
- To publish through an event store (Emmett) is to append to a stream: single events to a stream for each customer, a batch to a stream
  of its own. Its SQLite store asks for the driver sqlite3, which is compiled at installation; it is measured with that driver where it
  was compiled, and elsewhere node:sqlite answers for it, which is faster.`

const repeat = `\`\`\`sh
npm ci
npm run bench:peers                                     # all of it: about half an hour
npm run bench:peers -- --only millrace,nats --runs 1    # a part of it
npm run bench:peers -- --json peers.json --report       # keeps every figure, and writes this page
npm run driver --prefix bench/peers                     # compiles the driver sqlite3; needs a C++ compiler
\`\`\`

The first run installs the peers into \`bench/peers\`. The servers are private ones with the settings above, on free ports of loopback;
[\`scripts/engines\`](../scripts/engines) installs those that are missing where it can (Debian, as root). A server that cannot be
installed is looked for on its standard port, where [\`compose.yaml\`](../compose.yaml) starts them as containers; else its peers are
skipped. \`MILLRACE_ENGINES_DIR\` names the folder that everything is written to.`

/** The page docs/peers.md. */
export function reportPage(result: Result): string {
  return `# Millrace beside its peers

<!-- Written by \`npm run bench:peers -- --report\`. -->

The same order event, about 200 bytes of JSON, is published durably and handled with acknowledgement through Millrace and through
what Node.js teams use today.

${origin(result)}

## Millrace against the best of them

Millrace with its default setting, which syncs before it confirms: how many times better it is than the best figure of any peer in
any setting, also those that do not sync, and than the best of those that sync, too. ✓ says that the wanted ratio is reached.

${asMarkdown(ratiosTable(result))}

## Throughput, events a second

${asMarkdown(figuresTable(result, ['publishSingle', 'publishBatch', 'handle']))}

## Latency with one event every 5 ms, milliseconds

${asMarkdown(figuresTable(result, ['idlePublish', 'idleHandle']))}

## Appending to event streams, events a second

${asMarkdown(figuresTable(result, ['append1', 'append100']))}
${missing(result)}
## What durable means in each row

\`safe\` syncs before it confirms; \`fast\` is the peer's usual quicker setting. The servers were asked for their settings while they
were measured, as far as they tell.

${durabilityTable(result)}

## How each was used

${usageTable(result)}

## What is fair about it, and what is not

${fairness}

## How to repeat it

${repeat}
`
}
