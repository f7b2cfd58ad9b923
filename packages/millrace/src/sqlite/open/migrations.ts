/**
 * How the schema came to be: the statements at index i lead from version i to version i + 1. What was released is never
 * changed; a new version is a new entry at the end.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE millrace_topic (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    events INTEGER NOT NULL DEFAULT 0,      -- in the log now
    bytes INTEGER NOT NULL DEFAULT 0,       -- octets of their data
    appended INTEGER NOT NULL DEFAULT 0,    -- ever
    last_ms INTEGER,                        -- appended time of the newest
    trim_from INTEGER NOT NULL DEFAULT 0,   -- no event of the topic up to here (inclusive) can be trimmed any more
    compacted_to INTEGER NOT NULL DEFAULT 0 -- up to here the log was looked through for superseded events
  ) STRICT;
  CREATE TABLE millrace_kind (
    id INTEGER PRIMARY KEY,
    topic INTEGER NOT NULL,                 -- millrace_topic.id
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    source TEXT NOT NULL,
    UNIQUE (topic, type, version, source)
  ) STRICT;
  CREATE TABLE millrace_event (
    position INTEGER PRIMARY KEY,           -- never reused: the newest row is never deleted
    kind INTEGER NOT NULL,
    appended INTEGER NOT NULL,              -- ms, never less than that of the row before
    time INTEGER NOT NULL,                  -- event time minus appended, ms
    id TEXT NOT NULL,
    key TEXT,
    expires INTEGER,
    attributes TEXT,
    data TEXT,
    stream TEXT,
    revision INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX millrace_event_stream ON millrace_event (stream, revision) WHERE stream IS NOT NULL;
  CREATE TABLE millrace_unique (            -- the dedup window
    position INTEGER PRIMARY KEY,           -- of the event
    id TEXT NOT NULL,
    scope TEXT NOT NULL,                    -- 'topic:<name>' or 'stream:<name>'
    appended INTEGER NOT NULL,
    UNIQUE (id, scope)
  ) STRICT;
  CREATE TABLE millrace_inbox (
    sequence INTEGER PRIMARY KEY,
    message TEXT NOT NULL,
    consumer TEXT NOT NULL,
    marked INTEGER NOT NULL,
    UNIQUE (message, consumer)
  ) STRICT;
  CREATE TABLE millrace_state (             -- numbers that are dear to count: rows 'unique' and 'inbox'
    name TEXT PRIMARY KEY,
    value INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO millrace_state VALUES ('unique', 0), ('inbox', 0);
  CREATE TABLE millrace_subscription (
    name TEXT PRIMARY KEY,
    topics TEXT NOT NULL,                   -- JSON array
    floor INTEGER NOT NULL,                 -- everything up to here is settled; may be past the head (start at a later position)
    settled_above TEXT NOT NULL,            -- ranges settled above the floor, see cursor.ts (decodeRanges); '' = none
    paused TEXT,
    settled TEXT NOT NULL,                  -- JSON object: reason -> count
    created INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE millrace_kept (
    subscription TEXT NOT NULL,
    position INTEGER NOT NULL,
    state TEXT NOT NULL,                    -- parked | waiting | trying | dead
    order_key TEXT,
    due INTEGER,                            -- null: until resumed by hand
    attempts INTEGER NOT NULL,
    deaths INTEGER NOT NULL,
    reason TEXT NOT NULL,
    history TEXT NOT NULL,                  -- JSON array
    kept INTEGER NOT NULL,
    kind INTEGER NOT NULL, time INTEGER NOT NULL, id TEXT NOT NULL, key TEXT, expires INTEGER, attributes TEXT, data TEXT, -- time is absolute here
    PRIMARY KEY (subscription, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX millrace_kept_due ON millrace_kept (subscription, due, position) WHERE state IN ('parked', 'trying');
  CREATE INDEX millrace_kept_state ON millrace_kept (subscription, state, position);
  CREATE INDEX millrace_kept_order ON millrace_kept (subscription, order_key, state, position) WHERE order_key IS NOT NULL;
  CREATE TABLE millrace_lease (
    name TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    owner TEXT,                             -- LeaseOwner.instance; null = free
    pid INTEGER,
    host TEXT,
    started TEXT,                           -- start time of the process from /proc, where known: tells a reused pid
    until INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE millrace_document (
    collection TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    version INTEGER NOT NULL,
    expires INTEGER,
    PRIMARY KEY (collection, key)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX millrace_document_expiry ON millrace_document (expires) WHERE expires IS NOT NULL;
  CREATE TABLE millrace_timer (
    id TEXT PRIMARY KEY,                    -- of the timer
    due INTEGER NOT NULL,
    kind INTEGER NOT NULL, time INTEGER NOT NULL, event TEXT NOT NULL, key TEXT, expires INTEGER, attributes TEXT, data TEXT -- event = id of the event
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX millrace_timer_due ON millrace_timer (due, id);
  CREATE TABLE millrace_counter (
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    value INTEGER NOT NULL,
    PRIMARY KEY (name, subject)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE millrace_latest (            -- compaction: newest event of each key seen so far
    topic INTEGER NOT NULL, key TEXT NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (topic, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE millrace_superseded (        -- compaction: to be deleted as soon as it may be
    topic INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (topic, position)
  ) STRICT, WITHOUT ROWID;
  `,
  // By these the file, its log and its mark are compared when it is opened, see continuity.ts.
  `
  INSERT INTO millrace_state VALUES ('commits', 0), ('identity', abs(random() % 9007199254740991));
  `,
]
