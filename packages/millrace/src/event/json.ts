/** Says in a compile error which type cannot travel as JSON. */
export interface NotJson<Problem extends string> {
  readonly 'does not survive JSON': Problem
}

/**
 * `T` with every part replaced that would come out of JSON as something else than it went in (a Date becomes a string, a
 * Map an empty object, a bigint an error). A type that survives stays as it is, so `[T] extends [JsonSafe<T>]` asks.
 */
export type JsonSafe<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends bigint
    ? NotJson<'bigint'>
    : T extends symbol
      ? NotJson<'symbol'>
      : T extends Date
        ? NotJson<'Date'>
        : T extends ReadonlyMap<unknown, unknown>
          ? NotJson<'Map'>
          : T extends ReadonlySet<unknown>
            ? NotJson<'Set'>
            : T extends ArrayBufferLike | ArrayBufferView
              ? NotJson<'binary data'>
              : T extends (...args: never) => unknown
                ? NotJson<'function'>
                : T extends object
                  ? { [K in keyof T]: JsonSafe<T[K]> }
                  : T
