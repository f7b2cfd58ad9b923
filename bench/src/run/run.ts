import type { Group, Measurement, Sample, Settings } from '../measurement.ts'
import type { Options } from '../options.ts'
import { type Folders, foldersIn } from './folders.ts'
import { commitOf, machineOf } from './machine.ts'
import { type GroupResult, judge, rowOf } from './result.ts'
import { runTask } from './task.ts'

/** A group and those of its measurements that were asked for. */
export interface Chosen {
  readonly group: Group
  readonly measurements: readonly Measurement[]
}

/** Takes the measurements of one group by turns, so that what disturbs the machine for a while disturbs all alike. */
export async function runGroup(
  chosen: Chosen,
  options: Options,
  say: (text: string) => void,
  failed: (text: string) => void,
): Promise<GroupResult> {
  const { group, measurements } = chosen
  const { events, synchronous, large } = options
  const runs = Math.min(options.runs, group.maxRuns ?? options.runs)
  const began = performance.now()
  const samples = new Map<string, (Sample | undefined)[]>(measurements.map(({ name }) => [name, []]))
  const folders = foldersIn(options.folder)
  try {
    for (let turn = 0; turn < runs; turn++) {
      // There and back: nobody is always the one after the same other.
      const order = turn % 2 === 0 ? measurements : measurements.toReversed()
      for (const measurement of order) {
        const label = `${group.name}.${measurement.name}, run ${turn + 1} of ${runs}`
        say(label)
        const tell = (text: string): void => say(`${label}: ${text}`)
        let sample: Sample | undefined
        try {
          sample = await measureOnce(group, measurement, { events, synchronous, large }, folders, tell)
        } catch (error) {
          // The others go on: a run of a quarter of an hour is not lost for one of them.
          failed(`${label}: ${error instanceof Error ? error.message : error}`)
        }
        samples.get(measurement.name)!.push(sample)
      }
    }
  } finally {
    folders.remove()
  }
  const rows = measurements.map((measurement) => rowOf(group, measurement, samples))
  return {
    name: group.name,
    title: group.title,
    rows,
    wanted: judge(group.wanted ?? [], rows),
    events,
    runs,
    large,
    synchronous,
    journal: 'WAL',
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(import.meta.dirname) ?? null,
    machine: machineOf(options.folder),
    seconds: Math.round((performance.now() - began) / 1_000),
  }
}

async function measureOnce(
  group: Group,
  measurement: Measurement,
  settings: Settings,
  folders: Folders,
  say: (text: string) => void,
): Promise<Sample> {
  const task = { measurement: `${group.name}.${measurement.name}`, settings }
  using folder = await folders.forRun(measurement, async (path) => {
    say('preparing')
    await runTask({ ...task, preparing: true, folder: path }, say)
  })
  const sample = await runTask({ ...task, preparing: false, folder: folder.path }, say)
  if (sample === undefined) throw new Error(`${task.measurement} ended without a result`)
  return sample
}
