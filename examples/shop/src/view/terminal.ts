import type { WriteStream } from 'node:tty'
import { frameOf } from './frame.ts'
import type { Snapshot, View } from './snapshot.ts'

const hideCursor = '\x1b[?25l'
const showCursor = '\x1b[?25h'
const clearToLineEnd = '\x1b[K'
const clearBelow = '\x1b[J'
// Terminals that know these draw what stands between them at once; others pass them over.
const beginFrame = '\x1b[?2026h'
const endFrame = '\x1b[?2026l'

/** A view that is redrawn in place: each frame is one write over the last one, so nothing flickers. */
export function terminalView(stream: WriteStream): View {
  let drawn = 0
  const restore = (): void => {
    stream.write(showCursor)
  }
  process.once('exit', restore)
  stream.write(hideCursor)
  return {
    show(snapshot: Snapshot): void {
      const lines = frameOf(snapshot, stream.columns).slice(0, stream.rows - 1)
      const up = drawn > 0 ? `\x1b[${drawn}A\r` : ''
      const body = lines.map((line) => `${line}${clearToLineEnd}\n`).join('')
      stream.write(`${beginFrame}${up}${body}${clearBelow}${endFrame}`)
      drawn = lines.length
    },
    close(): void {
      process.off('exit', restore)
      restore()
    },
  }
}
