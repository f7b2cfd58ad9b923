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
  PAYLOAD_TOO_LARGE: entry<{ contract: string; bytes: number; limitBytes: number }>(
    false,
    (f) => `The data of '${f.contract}' takes ${f.bytes} bytes; the limit is ${f.limitBytes} bytes.`,
    'Publish a reference to the data, or raise `maxEventBytes` in the configuration of the application.',
  ),
} as const satisfies Record<string, Entry<never>>

/** Every code that a Millrace error can have. */
export type ErrorCode = keyof typeof errorTable

/** The typed fields that errors of the code `C` carry. */
export type FieldsOf<C extends ErrorCode> = (typeof errorTable)[C] extends Entry<infer F> ? F : never
