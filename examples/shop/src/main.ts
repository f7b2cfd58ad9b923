import { MillraceError } from 'millrace'
import { sqlite } from 'millrace/sqlite'
import { help, optionsOf, type ShopOptions, UsageError } from './options.ts'
import { isFinished, outcomeOf, runShop } from './run.ts'
import { LedgerError, SalesLedger } from './sales-ledger.ts'
import { openShop } from './shop.ts'
import { prepareStore } from './store-file.ts'
import { plainView } from './view/plain.ts'
import type { View } from './view/snapshot.ts'
import { summaryOf } from './view/summary.ts'
import { terminalView } from './view/terminal.ts'

const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 }

async function main(): Promise<number> {
  const options = optionsOf(process.argv.slice(2))
  if (options === 'help') {
    console.log(help)
    return exitCodes.done
  }
  const ledger = await SalesLedger.open(options.data)
  prepareStore(options.store, options.fresh)
  await using app = await openShop(sqlite(options.store), options.seed)

  if (await isFinished(app)) console.log(`  ${options.store} holds a finished run; --fresh begins anew.\n`)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort())
  const startedMs = performance.now()
  const isDone = await runShop(app, ledger, { rate: options.rate, view: viewOf(options), signal: stopping.signal })
  if (!isDone) {
    console.log('  The shop is closed. Start it again and it carries on.')
    return exitCodes.interrupted
  }
  const outcome = await outcomeOf(app, ledger, options.store)
  console.log(summaryOf(outcome))
  console.log(`\n  ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`)
  return outcome.differences.length + outcome.doubles.length === 0 ? exitCodes.done : exitCodes.failed
}

function viewOf({ plain }: ShopOptions): View {
  const isTerminal = process.stdout.isTTY && process.env.TERM !== 'dumb'
  return isTerminal && !plain ? terminalView(process.stdout) : plainView((line) => console.log(line))
}

function report(error: unknown): number {
  if (error instanceof UsageError) {
    console.error(`${error.message}\nSee npm start -- --help`)
    return exitCodes.usage
  }
  if (error instanceof LedgerError) console.error(error.message)
  else if (error instanceof MillraceError) console.error(`${error.code}: ${error.message}\n${error.remedy}`)
  else console.error(error)
  return exitCodes.failed
}

process.exitCode = await main().catch(report)
