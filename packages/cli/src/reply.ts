import type { Call } from './command.ts'
import { wrongUsage } from './errors.ts'
import { exit } from './exit-codes.ts'
import { type Column, table } from './output/table.ts'

/** Answers with one JSON document where `--json` asks for it, else with text. */
export async function reply(
  { io, json }: Pick<Call, 'io' | 'json'>,
  data: unknown,
  text: () => string,
): Promise<number> {
  const written = json ? JSON.stringify(data, null, io.isTerminal ? 2 : 0) : text().replace(/\n$/, '')
  await io.out(`${written}\n`)
  return exit.ok
}

/** Answers with rows, or says why there are none. */
export function replyRows<Row>(
  call: Pick<Call, 'io' | 'json'>,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  none: string,
  asData: (row: Row) => unknown = (row) => row,
): Promise<number> {
  const { io } = call
  return reply(call, rows.map(asData), () =>
    rows.length === 0 ? io.paint.dim(none) : table(rows, columns, { width: io.width, paint: io.paint }),
  )
}

/** Asks before something that cannot be undone. Where nobody can be asked, `--yes` must have said so. */
export async function confirmed(call: Pick<Call, 'io'>, yes: true | undefined, question: string): Promise<boolean> {
  if (yes) return true
  if (!call.io.canAsk) {
    throw wrongUsage('it asks before it does this, and there is no terminal to ask on: pass --yes')
  }
  if (await call.io.ask(question)) return true
  call.io.err('Nothing was changed.\n')
  return false
}
