import { silentLogger, systemClock, uuidv7 } from '../../src/base/index.ts'
import { sqlite } from '../../src/sqlite/index.ts'

// A process that publishes to a store without end: `publisher.ts <path> <name> <in flight> <bytes>`. Each unit is two events
// of one key, and a document that counts the units. It tells every key that was committed, and how it ended.

const [path, name, inFlight, bytes] = process.argv.slice(2) as [string, string, string, string]
const newId = uuidv7(systemClock)
const data = JSON.stringify('x'.repeat(Number(bytes)))
const header = { topic: 't', type: 't', version: 1, source: name }
const { store } = await sqlite(path).open({ clock: systemClock, newId, logger: silentLogger })
let made = 0

async function publish(): Promise<never> {
  for (;;) {
    const key = `${name}/${++made}`
    const event = () => ({ header, id: newId(), key, timeMs: 1, expiresMs: null, attributes: null, data })
    await store.commit({
      append: [{ event: event() }, { event: event() }],
      documents: [{ collection: 'units', key: name, value: '{}' }],
    })
    process.stdout.write(`${key}\n`)
  }
}

process.stdout.write('ready\n')
await Promise.all(Array.from({ length: Number(inFlight) }, publish)).catch((error) => {
  process.stdout.write(`ended ${error.code}\n`)
})
// Once stopped, it stays so.
await store.commit({}).catch((error) => process.stdout.write(`refused ${error.code}\n`))
process.exit(0)
