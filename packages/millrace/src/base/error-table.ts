interface Entry<F> {
  readonly retryable: boolean
  readonly message: (fields: F) => string
  readonly remedy: string
}

const entry = <F>(retryable: boolean, message: (fields: F) => string, remedy: string): Entry<F> => ({
  retryable,
  message,
  remedy,
})

/** The one table of error codes: messages, remedies and whether a retry may help. `docs/errors.md` is made from it. */
export const errorTable = {
  // Contracts
  CONTRACT_INVALID: entry<{ contract: string; reason: string }>(
    false,
    (f) => `The contract '${f.contract}' is not valid: ${f.reason}.`,
    'Correct the definition: defineEvent, defineCommand and defineQuery document each option.',
  ),
  CONTRACT_DUPLICATE: entry<{ contract: string; version: number }>(
    false,
    (f) => `Two different contracts are both called '${f.contract}' version ${f.version}.`,
    'Define the contract once and import it, or give one of them another name or version.',
  ),
  CONTRACT_INCOMPATIBLE: entry<{ contract: string; version: number; mode: string; differences: readonly string[] }>(
    false,
    (f) =>
      `The contract '${f.contract}' version ${f.version} is not ${f.mode} compatible with what was published: ${f.differences.join('; ')}.`,
    "Undo the change, or raise the contract's version and add an upcaster from the old one. `compatibility: 'none'` turns the check off.",
  ),
  CONTRACT_SCHEMA_UNKNOWN: entry<{ contract: string; vendor: string; reason: string }>(
    false,
    (f) =>
      `The schema of the contract '${f.contract}' (${f.vendor}) gives no JSON Schema, so its compatibility cannot be checked: ${f.reason}.`,
    "Pass `jsonSchema` to the definition, or `compatibility: 'none'` to give up the check.",
  ),
  UPCASTER_MISSING: entry<{ contract: string; from: number; to: number }>(
    false,
    (f) => `The contract '${f.contract}' is at version ${f.to}, and no upcaster leads on from version ${f.from}.`,
    'Add `upcast: { [version]: (data) => … }` for each older version that was published.',
  ),
  DATA_INVALID: entry<{ contract: string; path: string; reason: string; issues: number }>(
    false,
    (f) =>
      `The data does not fit the contract '${f.contract}': ${f.path === '' ? 'the value' : `'${f.path}'`} ${f.reason}${f.issues > 1 ? ` (and ${f.issues - 1} more)` : ''}.`,
    "Correct the data at the given path, or the contract's schema if it is wrong.",
  ),
  EVENT_INVALID: entry<{ attribute: string; reason: string }>(
    false,
    (f) => `The event is not a valid CloudEvents 1.0 event: '${f.attribute}' ${f.reason}.`,
    'Correct the attribute; see the CloudEvents 1.0 specification, section "Context Attributes".',
  ),
  TOPIC_INVALID: entry<{ topic: string; reason: string }>(
    false,
    (f) => `'${f.topic}' is not a valid topic or topic pattern: ${f.reason}.`,
    "Use levels of letters, digits, '-' and '_' parted by '.'; in patterns '*' is one level and '**' any number of levels.",
  ),
  EVENT_UNREADABLE: entry<{ type: string; id: string }>(
    false,
    (f) => `The data of the event '${f.id}' of type '${f.type}' is not JSON.`,
    'The event lies among the dead letters: edit its data and redrive it, or discard it.',
  ),
  EVENT_VERSION_NEWER: entry<{ contract: string; version: number; known: number }>(
    false,
    (f) => `An event of '${f.contract}' has version ${f.version}; this application knows versions up to ${f.known}.`,
    'Deploy the newer contract here; the event is parked until then and handled by itself afterwards.',
  ),
  PAYLOAD_TOO_LARGE: entry<{ contract: string; bytes: number; limitBytes: number }>(
    false,
    (f) => `The data of '${f.contract}' takes ${f.bytes} bytes; the limit is ${f.limitBytes} bytes.`,
    'Publish a reference to the data, or raise `maxEventBytes` in the configuration of the application.',
  ),
  EVENT_EXPIRED: entry<{ id: string }>(
    false,
    (f) => `The event '${f.id}' has expired.`,
    'Publish it with a later expiry. If it lies among the dead letters, redrive it if it is still worth handling; otherwise discard it.',
  ),
  // Handling
  HANDLER_DUPLICATE: entry<{ message: string; service: string; other: string }>(
    false,
    (f) =>
      f.service === f.other
        ? `The service '${f.service}' has two handlers for '${f.message}'.`
        : `'${f.message}' has two handlers: '${f.service}' and '${f.other}'.`,
    'Keep one. Commands and queries have one handler in all; events have one in each service.',
  ),
  HANDLER_TIMEOUT: entry<{ subscription: string; position: number; timeoutMs: number }>(
    true,
    (f) => `The handler of '${f.subscription}' did not finish position ${f.position} within ${f.timeoutMs} ms.`,
    'Pass `signal` on to what the handler waits for, or raise its `timeoutMs`.',
  ),
  HANDLER_BLOCKED: entry<{ subscription: string; position: number; blockedMs: number }>(
    true,
    (f) =>
      `The handler of '${f.subscription}' has blocked the event loop at position ${f.position} for ${f.blockedMs} ms.`,
    'Move long computations to a worker thread, or part them with `await`.',
  ),
  EFFECTS_SEALED: entry<{ subscription: string; position: number }>(
    false,
    (f) =>
      `The handler of '${f.subscription}' has ended with position ${f.position}; its context cannot be used any more.`,
    'Await everything the handler starts before it returns.',
  ),
  DELIVERY_POISONOUS: entry<{ subscription: string; position: number; deaths: number }>(
    false,
    (f) => `The process died ${f.deaths} times while '${f.subscription}' handled position ${f.position}.`,
    'Look at the dead letter, mend the handler, then redrive it.',
  ),
  COMMAND_REFUSED: entry<{ reason: string; details: unknown }>(
    false,
    (f) => `The command was refused: ${f.reason}.`,
    'The handler decided so; act on its reason.',
  ),
  COMMAND_UNHANDLED: entry<{ contract: string }>(
    false,
    (f) => `No service handles '${f.contract}'.`,
    'Start the service that handles it once, so that the store knows it; or add `.handle(…)` or `.answer(…)` to one.',
  ),
  REQUEST_TIMEOUT: entry<{ contract: string; timeoutMs: number }>(
    true,
    (f) => `'${f.contract}' was not answered within ${f.timeoutMs} ms.`,
    'Check that the service which answers it runs (`millrace subscriptions`), or raise `timeoutMs`.',
  ),
  REQUEST_FAILED: entry<{ contract: string; name: string; message: string; code: string | null }>(
    false,
    (f) => `The handler of '${f.contract}' failed: ${f.name}: ${f.message}`,
    'Look at the error in the log of the service that answers.',
  ),
  // Applications
  APP_NOT_RUNNING: entry<{ phase: string }>(
    false,
    (f) => `The application is ${f.phase}.`,
    'Await `start()` first, and call nothing after `stop()`.',
  ),
  CONFIG_INVALID: entry<{ option: string; reason: string }>(
    false,
    (f) => `The option '${f.option}' is wrong: ${f.reason}.`,
    'Correct the option where it is passed.',
  ),
  CAPABILITY_MISSING: entry<{ engine: string; capability: string; needed: string }>(
    false,
    (f) => `'${f.needed}' needs the capability '${f.capability}', which the engine '${f.engine}' does not have.`,
    'Choose an engine that has it, or do without.',
  ),
  // Commits
  REVISION_CONFLICT: entry<{ stream: string; expected: number | 'none' | 'any'; actual: number }>(
    true,
    (f) => `The stream '${f.stream}' is at revision ${f.actual}, not at ${f.expected} as expected.`,
    'Read the stream again, decide again, and append with the new revision.',
  ),
  VERSION_CONFLICT: entry<{ collection: string; key: string; expected: number; actual: number }>(
    true,
    (f) => `The document '${f.key}' of '${f.collection}' has version ${f.actual}, not ${f.expected} as expected.`,
    'Read the document again, decide again, and write with the new version.',
  ),
  TIMER_GONE: entry<{ id: string }>(
    false,
    (f) => `There is no timer '${f.id}': it fired already, was cancelled, or never existed.`,
    'Nothing is to be done if it fired; otherwise check the id.',
  ),
  INBOX_DUPLICATE: entry<{ consumer: string; messageId: string }>(
    false,
    (f) => `'${f.consumer}' has taken the message '${f.messageId}' already.`,
    'Acknowledge the message: its effects are in the store.',
  ),
  LEASE_HELD: entry<{ lease: string; owner: string; pid: number; untilMs: number }>(
    true,
    (f) =>
      `'${f.lease}' is held by process ${f.pid} (${f.owner}), at the latest until ${new Date(f.untilMs).toISOString()}.`,
    "Stop the other process, or start this one with `whenHeld: 'wait'` to stand by.",
  ),
  LEASE_LOST: entry<{ lease: string; epoch: number; actual: number }>(
    true,
    (f) => `'${f.lease}' has moved on to epoch ${f.actual}; epoch ${f.epoch} may not write any more.`,
    'Nothing was written. The subscription starts again by itself where it may.',
  ),
  SQL_FAILED: entry<{ statement: string; reason: string }>(
    false,
    (f) => `The statement of a unit of work failed (${f.reason}): ${f.statement}`,
    'Correct the statement; nothing of the unit was committed.',
  ),
  SUBSCRIPTION_UNKNOWN: entry<{ subscription: string }>(
    false,
    (f) => `There is no subscription '${f.subscription}'.`,
    'Check the name: `millrace subscriptions` lists them.',
  ),
  DELIVERY_UNKNOWN: entry<{ subscription: string; position: number; state: string }>(
    false,
    (f) => `The subscription '${f.subscription}' keeps no ${f.state} delivery of position ${f.position}.`,
    'Check the position: `millrace dead-letters list` shows what is kept.',
  ),
  // Stores
  STORE_BUSY: entry<{ store: string; waitedMs: number }>(
    true,
    (f) => `The store '${f.store}' was locked by another process for ${f.waitedMs} ms.`,
    'Try again; if it stays so, look for a process that holds a write transaction open.',
  ),
  STORE_STOPPED: entry<{ store: string; reason: string }>(
    false,
    (f) => `The store '${f.store}' has stopped: ${f.reason}. Nothing more is acknowledged.`,
    'Mend the cause (free disk space, replace the disk), then start the application again: it carries on from the last commit.',
  ),
  STORE_OVERLOADED: entry<{ store: string; pendingBytes: number; limitBytes: number }>(
    true,
    (f) => `${f.pendingBytes} bytes wait to be committed to '${f.store}'; the limit is ${f.limitBytes}.`,
    'Await each publish (or bound how many are under way) so that the publisher goes no faster than the store.',
  ),
  STORE_UNREADABLE: entry<{ store: string; reason: string }>(
    false,
    (f) => `The store '${f.store}' cannot be opened: ${f.reason}.`,
    'Check the path, that the folder exists, and that this user may read and write the file and its folder.',
  ),
  STORE_FOREIGN: entry<{ store: string; reason: string }>(
    false,
    (f) => `'${f.store}' is not a Millrace store: ${f.reason}.`,
    'Give another path: Millrace writes only to files that it made, and to new ones.',
  ),
  STORE_DAMAGED: entry<{ store: string; reason: string }>(
    false,
    (f) => `The store '${f.store}' is damaged: ${f.reason}.`,
    'Restore a backup (`millrace backup` makes them). Nothing was changed or repaired.',
  ),
  STORE_TOO_NEW: entry<{ store: string; version: number; known: number }>(
    false,
    (f) => `The store '${f.store}' has schema version ${f.version}; this Millrace knows versions up to ${f.known}.`,
    'Update Millrace in this process.',
  ),
  STORE_VERSION_UNSAFE: entry<{ engine: string; version: string; reason: string }>(
    false,
    (f) => `${f.engine} ${f.version} must not be used: ${f.reason}.`,
    'Use Node.js 26, or a Node.js 24 whose SQLite has the fix.',
  ),
  STORE_LOCKED: entry<{ store: string; reason: string }>(
    true,
    (f) => `The store '${f.store}' cannot be taken: ${f.reason}.`,
    'Stop the process that locks the file, then start again.',
  ),
  APP_STOPPING: entry<{ subscription: string; drainMs: number }>(
    true,
    (f) => `'${f.subscription}' was still handling when the application stopped (after ${f.drainMs} ms).`,
    'Nothing is lost: the delivery comes again. Make handlers heed `signal`, or raise `drainMs`.',
  ),
  BACKUP_FAILED: entry<{ store: string; target: string; reason: string }>(
    false,
    (f) => `No backup of '${f.store}' was made at '${f.target}': ${f.reason}.`,
    'Give a path where no file is yet, in a folder that exists and has enough space. A copy that was not whole was removed.',
  ),
  // The command line
  USAGE_INVALID: entry<{ reason: string }>(
    false,
    (f) => `The command line is not right: ${f.reason}.`,
    '`millrace help` lists the commands; `millrace help <command>` tells what one of them takes.',
  ),
  STORE_NOT_CHOSEN: entry<{ reason: string }>(
    false,
    (f) => `It is not clear which store is meant: ${f.reason}.`,
    'Pass `--store PATH`, or set MILLRACE_STORE in the environment.',
  ),
  APP_FILE_INVALID: entry<{ file: string; reason: string }>(
    false,
    (f) => `'${f.file}' gives no application: ${f.reason}.`,
    'Make the application the default export, as in `export default millrace({ … })`; a function that returns it will do, too.',
  ),
  CONTRACT_UNKNOWN: entry<{ contract: string; place: string; known: readonly string[] }>(
    false,
    (f) => `There is no contract '${f.contract}' in ${f.place}. It has: ${f.known.join(', ') || 'none'}.`,
    'Check the name; start the application once, so that it registers its contracts, or name its file with `--app FILE`.',
  ),
  NDJSON_INVALID: entry<{ file: string; line: number; reason: string; published: number }>(
    false,
    (f) =>
      `Line ${f.line} of '${f.file}' cannot be published: ${f.reason}. Of the lines before it ${f.published} are published, and none after it.`,
    'Mend the line, then publish the rest with `--skip-lines` and the number of lines before it.',
  ),
  PATTERN_UNKNOWN: entry<{ word: string; near: readonly string[] }>(
    false,
    (f) => `No pattern is called '${f.word}'${f.near.length === 0 ? '' : `; near it are: ${f.near.join(', ')}`}.`,
    '`millrace patterns` lists all of them.',
  ),
} as const satisfies Record<string, Entry<never>>

/** Every code that a Millrace error can have. */
export type ErrorCode = keyof typeof errorTable

/** The typed fields that errors of the code `C` carry. */
export type FieldsOf<C extends ErrorCode> = (typeof errorTable)[C] extends Entry<infer F> ? F : never
