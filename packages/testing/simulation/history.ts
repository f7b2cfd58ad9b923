import type { OpenEngine, SqlValue } from 'millrace/engine'
import {
  checkHistory,
  type Effect,
  type Finding,
  type History,
  type LoggedMessage,
  type Operation,
} from '../src/history/index.ts'
import type { Profile } from './profile.ts'
import { type Said, watched } from './site/contracts.ts'
import { streams } from './site/operations.ts'
import { trimmedTopic } from './site/operator.ts'
import { type Left, subscriptionsOf } from './site/services.ts'
import { routedTopics, type Site } from './site/site.ts'

/** Where handlers leave their traces. Its sequence is the order of the commits. */
export const effectTable = `CREATE TABLE IF NOT EXISTS effect (
  sequence INTEGER PRIMARY KEY, subscription TEXT, message TEXT, position INTEGER, noted TEXT)`

/** A record of the log, with what its data say. */
export interface Logged extends LoggedMessage {
  readonly key: string | null
  /** The site that published it. */
  readonly source: string
}

const pageSize = 1_000
/** The topic of events that expire. */
const expiring = 'sim.notes'

/** The whole log as it is at the end, without what Millrace keeps there for itself. */
export async function logOf({ store }: OpenEngine): Promise<readonly Logged[]> {
  const places = new Map<number, NonNullable<LoggedMessage['stream']>>()
  for (const name of streams) {
    for (const { position, revision } of await store.readStream({ stream: name, from: 0, limit: pageSize })) {
      places.set(position, { name, revision })
    }
  }
  const logged: Logged[] = []
  for (let after = 0; ; ) {
    const { records, scannedTo } = await store.readLog({ after, topics: ['sim.**'], limit: pageSize })
    for (const { position, appendedMs, event } of records) {
      const { token, key } = JSON.parse(event.data ?? '{}') as Said
      const stream = places.get(position)
      const { topic, source } = event.header
      logged.push({ position, appendedMs, message: token, topic, source, key, ...(stream && { stream }) })
    }
    if (scannedTo === after) return logged
    after = scannedTo
  }
}

export async function countEffects({ store }: OpenEngine): Promise<number> {
  const [row] = await store.query({ text: 'SELECT count(*) AS count FROM effect', parameters: [] })
  return Number(row!.count)
}

async function effectsOf({ store }: OpenEngine): Promise<readonly Effect[]> {
  const rows = await store.query({ text: 'SELECT * FROM effect ORDER BY sequence', parameters: [] })
  // What may be handled again leaves a document for each message.
  const again = await store.readDocuments({ collection: watched.name, limit: pageSize })
  const repeated = again.map(({ key, value }) => ({ subscription: 'watcher', message: key, position: Number(value) }))
  return [...rows.map(effectOf), ...repeated]
}

function effectOf(row: Readonly<Record<string, SqlValue>>): Effect {
  const { publishes, counted, value } = JSON.parse(String(row.noted)) as Left
  return {
    subscription: String(row.subscription),
    message: String(row.message),
    position: Number(row.position),
    ...(publishes && { publishes: publishes.map(({ token, key }) => ({ id: token, topic: 'sim.handled', key })) }),
    ...(counted && { counted: [counted] }),
    ...(value !== undefined && { value }),
  }
}

/** Publications that are certain: whatever is in the log of where they come from. */
const published = (log: readonly Logged[], process: string): readonly Operation[] =>
  log.map(({ message, topic, key }) => ({
    id: `${process} ${message}`,
    process,
    invokedMs: 0,
    endedMs: null,
    outcome: 'ok',
    messages: [{ id: message, topic, key }],
  }))

/**
 * What is wrong on a site: with what its clients asked for, with what came in from another site, and with what its services
 * did about both.
 * @param incoming what the other site has published and sends here
 */
export async function checkSite(
  site: Site,
  profile: Profile,
  engine: OpenEngine,
  incoming: readonly Logged[],
  settled: boolean,
): Promise<readonly Finding[]> {
  const history = site.recorder.history({
    subscriptions: subscriptionsOf(profile),
    effects: await effectsOf(engine),
    log: await logOf(engine),
    trimmedTopics: profile.faults.operate > 0 ? [trimmedTopic] : [],
    settled,
  })
  // What expires may have been left behind.
  const arriving = published(incoming, 'the broker').map(
    (operation): Operation =>
      operation.messages.some(({ topic }) => topic === expiring)
        ? { ...operation, outcome: 'indeterminate' }
        : operation,
  )
  const { subscriptions } = await engine.store.inspect()
  const counting = subscriptions.filter(({ name }) => !(profile.repeats && name === 'watcher'))
  return [
    ...checkHistory({ ...history, operations: [...history.operations, ...arriving] }),
    ...miscounted(history, counting),
  ]
}

/** What a subscription says that it has handled must be what has an effect. */
function miscounted(
  { effects }: History,
  subscriptions: readonly { readonly name: string; readonly settled: Readonly<Record<string, number>> }[],
): readonly Finding[] {
  const counts = Map.groupBy(effects, ({ subscription }) => subscription)
  return subscriptions
    .filter(({ name }) => !name.startsWith('_'))
    .map(({ name, settled }) => ({ name, counted: settled.handled ?? 0, effects: counts.get(name)?.length ?? 0 }))
    .filter(({ counted, effects }) => counted !== effects)
    .map((evidence) => ({
      kind: 'unexpected',
      message: `'${evidence.name}' has ${evidence.effects} effects and counts ${evidence.counted} as handled`,
      evidence,
    }))
}

/**
 * What is wrong between two sites: each routed event of the one must be in the log of the other once, in the order of its
 * key. The other log is taken for the effects of the relay.
 */
export function checkRelay(from: readonly Logged[], to: readonly Logged[], site: Site): readonly Finding[] {
  const relay = '_millrace.outbox.broker'
  const sent = from.filter(({ topic, source }) => routedTopics.includes(topic) && source === site.source)
  const positions = new Map(sent.map(({ message, position }) => [message, position]))
  const { detours } = site.recorder.history({ subscriptions: [], effects: [], log: [], settled: true })
  return checkHistory({
    operations: published(sent, site.name),
    subscriptions: [
      { name: relay, topics: routedTopics.filter((topic) => topic !== expiring), mayDrop: [expiring], order: 'key' },
    ],
    effects: to
      .filter(({ source }) => source === site.source)
      .map(({ message, position }) => ({ subscription: relay, message, position: positions.get(message) ?? position })),
    log: sent.map(({ stream: _, ...record }) => record),
    detours: detours ?? [],
    settled: true,
  })
}
