import type { DatabaseSync } from 'node:sqlite'
import { systemClock } from '../../src/base/index.ts'
import { openDatabase } from '../../src/sqlite/open/open.ts'

/** Makes a store with something in every table, all of it as it must be. */
export async function makeSample(path: string, events = 400): Promise<DatabaseSync> {
  const database = await openDatabase(path, { busyTimeoutMs: 10_000, clock: systemClock, synchronous: 'normal' })
  database.exec('BEGIN')
  database.exec(`
    INSERT INTO millrace_topic (id, name) VALUES (1, 'shop.order'), (2, 'shop.cart');
    INSERT INTO millrace_kind VALUES (1, 1, 'shop.order', 1, '/shop'), (2, 2, 'shop.cart', 1, '/shop');
  `)
  const insert = database.prepare(`
    INSERT INTO millrace_event (position, kind, appended, time, id, key, attributes, data, stream, revision)
    VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?)`)
  for (let position = 1; position <= events; position++) {
    const inStream = position % 4 === 0
    const revision = Math.floor((position - 4) / 8)
    insert.run(
      position,
      inStream ? 2 : 1,
      1_750_000_000_000 + position,
      `id-${position}`,
      `key-${position % 10}`,
      position % 3 === 0 ? null : '{"correlationid":"id-1"}',
      position % 5 === 0 ? null : JSON.stringify({ position, text: 'ü'.repeat(position % 200) }),
      inStream ? `cart-${position % 8}` : null,
      inStream ? revision : null,
    )
  }
  database.exec(`
    UPDATE millrace_topic SET (events, bytes, appended) =
      (SELECT count(*), coalesce(sum(octet_length(data)), 0), count(*) FROM millrace_event WHERE kind = millrace_topic.id);
    INSERT INTO millrace_unique SELECT position, id, 'topic:shop.order', appended FROM millrace_event WHERE position < 20;
    INSERT INTO millrace_inbox VALUES (1, 'message-1', 'payments', 1), (2, 'message-2', 'payments', 1);
    UPDATE millrace_state SET value = (SELECT count(*) FROM millrace_unique) WHERE name = 'unique';
    UPDATE millrace_state SET value = 2 WHERE name = 'inbox';
    INSERT INTO millrace_subscription VALUES ('payments', '["shop.*"]', 40, '', NULL, '{"handled":40}', 1);
    INSERT INTO millrace_lease VALUES ('payments', 3, 'instance', 1, 'host', NULL, 1);
    INSERT INTO millrace_document VALUES ('orders', 'o-1', '{"total":1}', 1, NULL);
    INSERT INTO millrace_timer VALUES ('timer', 1, 1, 1, 'event', NULL, NULL, NULL, '{"a":1}');
    INSERT INTO millrace_counter VALUES ('expired', 'shop.order', 1);
  `)
  const keep = database.prepare(`
    INSERT INTO millrace_kept (subscription, position, state, order_key, due, attempts, deaths, reason, history, kept,
      kind, time, id, data) VALUES ('payments', ?, ?, 'key', 1, 1, 0, 'retry', '[]', 1, 1, 1, 'id', '{}')`)
  keep.run(1, 'dead')
  keep.run(11, 'parked')
  keep.run(21, 'waiting')
  database.exec('COMMIT')
  return database
}
