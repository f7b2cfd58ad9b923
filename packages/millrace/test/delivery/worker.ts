import { collection, fixed, millrace, type Service, service } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { Changed, Ordered } from '../app/contracts.ts'

// A process of its own, for tests to kill. It tells on its standard output what it does, a line each.

export const counters = collection<{ n: number }>('counters')

/** What the process is to do. */
export type Role =
  /** Handles everything in two services, one after the other, with failures in between; ends when all is done. */
  | { readonly role: 'pipeline'; readonly events: number }
  /** Publishes events of chosen ids, and tells each id when it is durable. */
  | { readonly role: 'publisher'; readonly events: number }
  /** Handles events, and dies of those with this number. */
  | {
      readonly role: 'poisoned'
      readonly poison: number
      readonly by: 'exit' | 'SIGKILL'
      readonly dispatch: 'serial' | 'keyed' | 'concurrent'
    }
  /** Never gives its only thread back from the event with this number; is to be killed for that by itself. */
  | { readonly role: 'blocked'; readonly by: number }
  /** Handles events until it is told to stop by the end of its standard input; stands by while another one does. */
  | { readonly role: 'standby' }

const tell = (line: string): void => console.log(line)
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function pipeline(): Service[] {
  const retry = fixed({ attempts: 5, delayMs: 1 })
  return [
    service('first', { poisonAfterDeaths: 100 }).on(
      Ordered,
      async ({ data: { key, n } }, { documents, publish, sql, attempt }) => {
        tell(`first ${n}`)
        const before = await documents.get(counters, `first ${key}`)
        documents.put(counters, `first ${key}`, { n: (before?.n ?? 0) + n })
        publish(Changed, { key, n })
        sql('INSERT INTO handled (service, n) VALUES (?, ?)', 'first', n)
        if (n % 5 === 0) await turn()
        if (n % 7 === 0 && attempt < 3) throw new Error('not yet')
      },
      { retry },
    ),
    service('second', { poisonAfterDeaths: 100, dispatch: 'serial' }).on(
      Changed,
      async ({ data: { key, n } }, { documents, sql, attempt }) => {
        const before = await documents.get(counters, `second ${key}`)
        documents.put(counters, `second ${key}`, { n: (before?.n ?? 0) + n })
        sql('INSERT INTO handled (service, n) VALUES (?, ?)', 'second', n)
        if (n % 11 === 0 && attempt < 2) throw new Error('not yet')
      },
      { retry },
    ),
  ]
}

function poisoned({ poison, by, dispatch }: Extract<Role, { role: 'poisoned' }>): Service {
  return service('poisoned', { dispatch }).on(Ordered, async ({ data: { n } }, { sql }) => {
    tell(`begun ${n}`)
    sql('INSERT INTO handled (service, n) VALUES (?, ?)', 'poisoned', n)
    await turn()
    if (n !== poison) return
    if (by === 'exit') process.exit(1)
    process.kill(process.pid, by)
    await new Promise(() => {})
  })
}

function blocked(by: number): Service {
  return service('blocked', { dispatch: 'serial' }).on(Ordered, ({ data: { n } }, { sql }) => {
    tell(`begun ${n}`)
    while (n === by);
    sql('INSERT INTO handled (service, n) VALUES (?, ?)', 'blocked', n)
  })
}

const servicesOf = (role: Role): readonly Service[] => {
  if (role.role === 'pipeline') return pipeline()
  if (role.role === 'poisoned') return [poisoned(role)]
  if (role.role === 'publisher') return []
  if (role.role === 'blocked') return [blocked(role.by)]
  return [
    service('standby', { whenHeld: 'wait', leaseMs: 60_000 }).on(Ordered, ({ data: { n } }, { sql }) => {
      sql('INSERT INTO handled (service, n) VALUES (?, ?)', `standby ${process.pid}`, n)
    }),
  ]
}

async function run(path: string, role: Role): Promise<void> {
  const app = await millrace({
    store: sqlite(path, { synchronous: 'normal' }),
    services: servicesOf(role),
    contracts: [Ordered, Changed],
    ...(role.role === 'blocked' ? { blockedAfterMs: 100, blockedExitMs: 400 } : {}),
  }).start()
  tell('started')
  if (role.role === 'publisher') {
    const publish = async (n: number): Promise<void> => {
      await app.publish(Ordered, { key: `k${n % 3}`, n }, { id: `chosen-${n}` })
      tell(`durable ${n}`)
    }
    for (let n = 0; n < role.events; n += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, index) => publish(n + index)))
    }
  } else if (role.role === 'standby') {
    for await (const _ of process.stdin);
  } else {
    const enough = role.role === 'pipeline' ? role.events : Number.POSITIVE_INFINITY
    for (;;) {
      const { subscriptions } = await app.inspect()
      const ended = ({ settled, dead }: (typeof subscriptions)[number]): boolean =>
        (settled.handled ?? 0) + dead >= enough
      const quiet = subscriptions.every(({ lag, parked, waiting }) => lag + parked + waiting === 0)
      if (enough === Number.POSITIVE_INFINITY ? quiet : subscriptions.every(ended)) break
      await turn()
    }
  }
  tell('done')
  await app.stop()
}

if (process.argv[2] === 'run') await run(process.argv[3]!, JSON.parse(process.argv[4]!) as Role)
