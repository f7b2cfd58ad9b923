import type { Group } from '../measurement.ts'
import type { GroupResult, Results, Row } from '../run/result.ts'
import { ratio, short } from './numbers.ts'
import { asMarkdown } from './table.ts'

/** A figure of the one table that says it all. */
interface Key {
  readonly group: string
  readonly measurement: string
  readonly metric: string
  readonly title: string
}

const keys: readonly Key[] = [
  { group: 'publish', measurement: 'batches', metric: 'perSecond', title: 'published/s, batches of 1,000' },
  { group: 'publish', measurement: 'single', metric: 'perSecond', title: 'published/s, single calls, 1,000 in flight' },
  { group: 'handle', measurement: 'keyed', metric: 'perSecond', title: 'handled/s, in order by key, a document each' },
  {
    group: 'handle',
    measurement: 'acknowledged',
    metric: 'perSecond',
    title: 'handled/s, in order by key, acknowledged',
  },
  { group: 'streams', measurement: 'hundred-ten', metric: 'perSecond', title: 'appended to streams/s, 100 an append' },
  { group: 'requests', measurement: 'thousand', metric: 'perSecond', title: 'requests answered/s, 1,000 in flight' },
  { group: 'latency', measurement: 'handled', metric: 'p50Ms', title: 'publish until handled, ms, p50' },
  { group: 'latency', measurement: 'handled', metric: 'p99Ms', title: 'publish until handled, ms, p99' },
  { group: 'loop', measurement: 'both', metric: 'timerP99Ms', title: 'event-loop delay under full load, ms, p99' },
  {
    group: 'start',
    measurement: 'killed',
    metric: 'firstMs',
    title: 'start after SIGKILL until the first event is handled, ms',
  },
  { group: 'disk', measurement: 'published', metric: 'bytes', title: 'bytes on disk for an event' },
]

/** What the raw limits of the table are. */
const limits: Readonly<Record<string, string>> = {
  publish: 'bare inserts',
  handle: 'bare select and `JSON.parse`',
  streams: 'bare inserts',
  requests: 'bare inserts, selects and `JSON.parse`',
  latency: 'one bare insert',
  disk: 'the JSON alone',
}

/** The key figures beside their raw limits. Those that were not measured are left out. */
export function summaryTable(groups: readonly Group[], results: Results): string {
  const rows = keys.flatMap(({ group: groupName, measurement, metric: metricName, title }) => {
    const result = results.groups.find(({ name }) => name === groupName)
    const metric = groups.find(({ name }) => name === groupName)?.metrics.find(({ name }) => name === metricName)
    const row = rowIn(result, measurement)
    const value = row?.values[metricName]
    if (result === undefined || metric === undefined || row === undefined || value === undefined) return []
    const limit = rowIn(result, row.against)?.values[metricName]
    const share = row.ratios[metricName]
    return [
      [
        title,
        short(value.median),
        limit === undefined ? '' : `${short(limit.median)} (${limits[groupName] ?? 'raw'})`,
        share === undefined ? '' : ratio({ ...share, min: share.median, max: share.median }, metric.compared),
      ],
    ]
  })
  return asMarkdown({ head: ['', 'Millrace', 'raw limit', 'of raw'], rows })
}

const rowIn = (result: GroupResult | undefined, name: string | undefined): Row | undefined =>
  result?.rows.find((row) => row.name === name)
