// One measurement, in a process of its own. The suite starts it; by hand it is for a profiler:
//   npx node -C millrace-source --cpu-prof bench/src/run/measure.ts publish.batches --events 500000
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Measurement, Settings } from '../measurement.ts'
import { optionsOf } from '../options.ts'
import { groups } from '../registry.ts'
import { contextOf } from './context.ts'
import { endWithParent } from './parent.ts'
import type { Task, Told } from './protocol.ts'

function find(name: string, settings: Settings): Measurement {
  const [groupName, measurementName] = name.split('.', 2)
  const group = groups.find((each) => each.name === groupName)
  const measurement = group?.measurements(settings).find((each) => each.name === measurementName)
  if (measurement === undefined)
    throw new Error(`There is no measurement '${name}': npm run bench -- --list names them`)
  return measurement
}

async function work({ measurement: name, preparing, folder, settings }: Task, tell: (told: Told) => void) {
  const measurement = find(name, settings)
  const context = contextOf(settings, folder, (progress) => tell({ progress }))
  if (preparing) {
    await measurement.prepare!.make(context)
    tell({ prepared: true })
  } else {
    tell({ sample: await measurement.measure(context) })
  }
}

async function byHand([name = '', ...args]: readonly string[]): Promise<void> {
  const settings = optionsOf(args)
  const folder = mkdtempSync(join(settings.folder, 'millrace-bench-'))
  const task = { measurement: name, folder, settings }
  const tell = (told: Told): void => {
    if ('progress' in told) console.error(told.progress)
    if ('sample' in told) console.log(JSON.stringify(told.sample, null, 2))
  }
  try {
    if (find(name, settings).prepare !== undefined) await work({ ...task, preparing: true }, tell)
    await work({ ...task, preparing: false }, tell)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (process.send === undefined) await byHand(process.argv.slice(2))
else {
  const end = endWithParent()
  await work(JSON.parse(process.argv[2]!) as Task, (told) => process.send!(told))
  end()
}
