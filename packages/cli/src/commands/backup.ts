import { backupStore } from 'millrace/sqlite'
import { command } from '../command.ts'
import { bytes, count } from '../output/format.ts'
import { Progress } from '../output/progress.ts'
import { reply } from '../reply.ts'
import { storePath } from '../store.ts'

export const backup = command({
  name: 'backup',
  summary: 'Copy a store to a new file while applications go on writing to it',
  args: ['TARGET'],
  details: [
    'The copy is the store as it was at that moment, whole and by itself. It has its name only when it was read back and checked.',
    'To restore it, stop all applications, put it in the place of the store, and remove the -wal and -shm of the old one.',
  ],
  run: async (call) => {
    const [target = ''] = call.args
    const path = storePath(call)
    const progress = new Progress(call.io)
    const made = await backupStore(path, target, {
      onProgress: ({ copiedBytes, totalBytes }) =>
        progress.show(() => `Copied ${bytes(copiedBytes)} of ${bytes(totalBytes)}`),
    }).finally(() => progress.clear())
    return reply(
      call,
      { store: path, ...made },
      () => `${made.target}: ${bytes(made.bytes)}, up to position ${count(made.head)}, read back and checked.`,
    )
  },
})
