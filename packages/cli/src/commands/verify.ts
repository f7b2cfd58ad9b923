import { verifyStore } from 'millrace/sqlite'
import { command } from '../command.ts'
import { exit } from '../exit-codes.ts'
import { Progress } from '../output/progress.ts'
import { printable } from '../output/text.ts'
import { reply } from '../reply.ts'
import { storePath } from '../store.ts'

export const verify = command({
  name: 'verify',
  summary: 'Check a whole store: every page of the file, and everything that Millrace promises about what is in it',
  details: ['It changes nothing and works beside running applications. The exit code is 1 when a check fails.'],
  run: async (call) => {
    const { io } = call
    const path = storePath(call)
    const progress = new Progress(io)
    const report = await verifyStore(path, {
      onProgress: ({ check, fraction }) => progress.show(() => `Checking ${check} … ${Math.floor(fraction * 100)}%`),
    }).finally(() => progress.clear())
    const { ok, findings } = report
    await reply(call, { store: path, ...report }, () => {
      const lines = findings.map(({ check, ok, detail }) =>
        ok ? `${io.paint.green('✓')} ${check}: ${detail}` : `${io.paint.red('✗')} ${check}: ${printable(detail)}`,
      )
      const problems = findings.filter((finding) => !finding.ok).length
      const verdict = ok ? io.paint.green('whole') : io.paint.red(`damaged, ${problems} found`)
      return `${lines.join('\n')}\n${path} is ${verdict}.`
    })
    return ok ? exit.ok : exit.failed
  },
})
