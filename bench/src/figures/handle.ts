import type { Dispatch } from 'millrace'
import type { Context, Group, Measurement, Sample, Settings } from '../measurement.ts'
import { type Effect, handling } from '../work/handle.ts'
import { handleRate, readRate } from '../work/read-bare.ts'
import { backlog } from '../work/store.ts'

const dispatches: readonly Dispatch[] = ['serial', 'keyed', 'concurrent']

const bare =
  (rateOf: typeof readRate) =>
  async (context: Context): Promise<Sample> => ({ values: { perSecond: await rateOf(context, context.events) } })

function measurement(
  name: string,
  title: string,
  how: { readonly dispatch: Dispatch; readonly effect: Effect; readonly subscriptions?: number },
  events?: number,
): Measurement {
  const { subscriptions = 1 } = how
  return {
    name,
    title: subscriptions === 1 ? title : `${title}, ${subscriptions} subscriptions`,
    against: 'bare',
    prepare: backlog(events),
    measure: handling({ ...how, subscriptions }, events),
  }
}

const measurements = ({ events }: Settings): readonly Measurement[] => [
  { name: 'bare', title: 'bare select and `JSON.parse`', raw: true, prepare: backlog(), measure: bare(readRate) },
  {
    name: 'bare-document',
    title: 'the same with a document put for each',
    raw: true,
    against: 'bare',
    prepare: backlog(),
    measure: bare(handleRate),
  },
  ...dispatches.map((dispatch) =>
    measurement(dispatch, `${dispatch}, a document each`, { dispatch, effect: 'document' }),
  ),
  measurement('acknowledged', 'keyed, acknowledged only', { dispatch: 'keyed', effect: 'acknowledgement' }),
  measurement('own-document', 'keyed, a new document each', { dispatch: 'keyed', effect: 'own document' }),
  measurement('event', 'keyed, an event published each', { dispatch: 'keyed', effect: 'event' }),
  ...dispatches.map((dispatch) =>
    measurement(
      `${dispatch}-twenty`,
      `${dispatch}, a document each`,
      { dispatch, effect: 'document', subscriptions: 20 },
      // Each event is twenty deliveries.
      events / 4,
    ),
  ),
]

export const handle: Group = {
  name: 'handle',
  title: 'Handling',
  about: `Deliveries handled a second out of a backlog, with their effects and acknowledgements committed. The first column is the steady
state: from when the first handler was called until the last settlement was durable. The second one counts from the call of
\`start()\`, so it has the opening of the store and of the subscription in it. The bare limit reads pages of 1,000 rows (position, id
and data) of the same file and parses the JSON; it writes nothing. Another raw line puts a document for each event as well, and keeps
its place, a transaction a page. Documents are kept by customer, of whom there are 1,000. With twenty subscriptions each of
them gets every event, of which there are a quarter as many, and deliveries are counted.`,
  metrics: [
    { name: 'perSecond', title: 'deliveries/s', unit: 'per second', compared: 'share' },
    { name: 'fromStartPerSecond', title: 'with start-up', unit: 'per second' },
  ],
  measurements,
  wanted: dispatches.map((dispatch) => ({ measurement: dispatch, metric: 'perSecond', ratioAtLeast: 0.5 })),
}
