import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { checkHistory, type Finding } from '@millrace/testing/history'
import { isMillraceError, millrace } from 'millrace'
import { sqlite, verifyStore } from 'millrace/sqlite'
import type { Fault } from '../fault.ts'
import type { Life } from '../life.ts'
import { silent } from '../read-store.ts'
import type { Trial } from '../trial.ts'
import { Plain } from '../workload/contracts.ts'
import { task } from '../workload/work.ts'
import { frequentCheckpoints } from './checkpoints.ts'
import { type Files, type Harm, harm, isStructure, type Stock } from './damage/harm.ts'
import { filesOf, putFiles } from './files.ts'
import { unexpected } from './stopped.ts'

const rounds = 3
const harmsARound = 8

/** Files that are not what was written. */
export const damage: Fault = {
  name: 'damage',
  description:
    'Bits of the file, its log and its mark are flipped, they are cut off, overwritten in part, and replaced by older ones and by those of another store. Either it is refused, when the store is opened or when the damage is read; or nothing acknowledged is missing and no effect is there twice. What bits of a value became, nobody can tell.',
  seeds: { quick: 3, full: 20 },
  async run(trial) {
    const foreign = await makeForeign(trial)
    const earlier: Files[] = []
    for (let round = 1; round <= rounds; round++) {
      const findings = await work(trial)
      if (findings.length > 0) return findings
      const now = settledFiles(trial.store)
      const stock: Stock = { name: basename(trial.store), now, earlier, foreign }
      for (let count = 0; round > 1 && count < harmsARound; count++) {
        const harmed = harm(stock, trial.random)
        const found = judged(trial, harmed, await lookAt(trial, harmed))
        if (found.length > 0) return found
      }
      putFiles(trial.store, now)
      earlier.push(now)
    }
    return concludeOnDamage(trial, { name: basename(trial.store), now: earlier.pop()!, earlier, foreign })
  },
  judge: (counts) => (counts.has('refused when opened') ? [] : ['no damage was ever refused']),
}

/** What is certain of the files: the index of the log is made anew by whoever opens it. */
const settledFiles = (store: string): Files => new Map([...filesOf(store)].filter(([name]) => !name.endsWith('-shm')))

/** Another store, as a process that died has left it. */
async function makeForeign(trial: Trial): Promise<Files> {
  const folder = join(trial.folder, 'foreign')
  mkdirSync(folder)
  const path = join(folder, basename(trial.store))
  await using app = await millrace({ store: sqlite(path) }).start({ deliver: false })
  const events = 1 + trial.random.below(200)
  for (let count = 0; count < events; count++) await app.publish(Plain, task(`foreign-${count}`))
  return settledFiles(path)
}

/** Lets a process work to its end. For half of the seeds another one keeps the store open, and dies, so that the log stays. */
async function work(trial: Trial): Promise<readonly Finding[]> {
  const { random } = trial
  const edits = frequentCheckpoints(random)
  const watcher: Life | undefined = random.chance(0.6)
    ? trial.start({ edits, workload: { operations: 1e9, inFlight: 1, pauseMs: 1e9, deliver: false, kinds: ['plain'] } })
    : undefined
  await watcher?.until(({ acknowledged }) => acknowledged > 0)
  const exit = await trial.start({ edits, workload: { operations: 40 + random.below(80) } }).exit
  await watcher?.kill()
  return exit.finished ? [] : [unexpected(exit)]
}

/** What became of a damaged store. */
type Outcome =
  | 'refused when opened'
  | 'refused when read'
  | 'harmless'
  | 'found by verify'
  /** In silence, and where it may be: in a value, which nobody can check. */
  | 'a value changed'
  | readonly Finding[]

/** Opens the damaged store and reads all of it. */
function lookAt(trial: Trial, harmed: Harm): Promise<Outcome> {
  putFiles(trial.store, harmed.files)
  return outcomeOf(trial, harmed, async () => {
    const app = await millrace({ store: sqlite(trial.store), logger: silent }).start({ deliver: false })
    await app.stop()
    return async () => checkHistory(await trial.history())
  })
}

/** Lets the last process work on a damaged store, if it is not refused, and on the store as it was otherwise. */
async function concludeOnDamage(trial: Trial, stock: Stock): Promise<readonly Finding[]> {
  const harmed = harm(stock, trial.random)
  if ((await lookAt(trial, harmed)) !== 'harmless') {
    putFiles(trial.store, stock.now)
    return trial.conclude()
  }
  putFiles(trial.store, harmed.files)
  const { finished, error } = await trial.start({ workload: { operations: 0, settle: true } }).exit
  if (!finished && error?.code === 'STORE_STOPPED') return judged(trial, harmed, 'refused when read')
  return judged(trial, harmed, await outcomeOf(trial, harmed, async () => () => trial.conclude()))
}

async function outcomeOf(
  trial: Trial,
  { kind, files, flipped }: Harm,
  open: () => Promise<() => Promise<readonly Finding[]>>,
): Promise<Outcome> {
  let read: (() => Promise<readonly Finding[]>) | undefined
  let findings: readonly Finding[]
  try {
    read = await open()
    findings = await read()
  } catch (error) {
    if (!isRefusal(error)) throw error
    return read === undefined ? 'refused when opened' : 'refused when read'
  }
  if (findings.length === 0) return 'harmless'
  const ofFile = kind === 'bits of the file flipped' || kind === 'a part of the file overwritten'
  // The store was opened by now, and its log is gone; the damage is not.
  if (ofFile && (await isFoundByVerify(trial.store))) return 'found by verify'
  const file = files.get(basename(trial.store))
  if (flipped?.every((offset) => !isStructure(file!, offset))) return 'a value changed'
  return findings.map((finding) => ({ ...finding, message: `after ${kind}: ${finding.message}` }))
}

/** The answers of a store that is damaged. A row of the workload's own table may be none that it can read any more. */
const isRefusal = (error: unknown): boolean =>
  error instanceof SyntaxError ||
  (isMillraceError(error) && (error.code.startsWith('STORE_') || error.code === 'EVENT_UNREADABLE'))

function judged(trial: Trial, { kind }: Harm, outcome: Outcome): readonly Finding[] {
  if (typeof outcome !== 'string') return outcome
  trial.count(outcome)
  trial.count(`${outcome}: ${kind}`)
  return []
}

async function isFoundByVerify(store: string): Promise<boolean> {
  try {
    return !(await verifyStore(store)).ok
  } catch (error) {
    if (isMillraceError(error)) return true
    throw error
  }
}
