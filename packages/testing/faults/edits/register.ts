// Preloaded (`--import`) into a workload process: changes fragments of the product's sources as they are loaded.
import { registerHooks } from 'node:module'
import { isMainThread } from 'node:worker_threads'
import { type Edit, edited, editsVariable } from './edit.ts'

const byUrl = Map.groupBy(
  JSON.parse(process.env[editsVariable]!) as readonly Edit[],
  ({ file }) => new URL(`../../../millrace/src/${file}`, import.meta.url).href,
)

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context)
    const edits = byUrl.get(url)
    if (edits === undefined) return loaded
    byUrl.delete(url)
    return { ...loaded, source: edited(String(loaded.source), edits) }
  },
})

// Worker threads load a few files only.
if (isMainThread) {
  process.on('exit', (code) => {
    if (code !== 0) return
    // Of a file that was never loaded nothing was changed, so nothing was tested.
    for (const url of byUrl.keys()) {
      console.error(`${url} is to be changed, and was not loaded`)
      process.exitCode = 4
    }
  })
}
