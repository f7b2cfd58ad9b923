import { extname, resolve } from 'node:path'
import { Worker } from 'node:worker_threads'
import { MillraceError } from '../../base/index.ts'
import type { VerifyMessage, VerifyProgress, VerifyReport, VerifyTask } from './verify-report.ts'

export type { Finding } from './check.ts'
export type { VerifyProgress, VerifyReport } from './verify-report.ts'

export interface VerifyOptions {
  /** Called now and then while the verification runs. */
  readonly onProgress?: ((progress: VerifyProgress) => void) | undefined
}

/**
 * Checks a whole store file: every page, and everything that Millrace promises about what is in it. It changes nothing and
 * works beside running applications, of which it sees one consistent moment; it runs on a thread of its own. A million
 * events of 200 bytes take about 3 seconds. As it reads one moment for that long, the write-ahead log cannot be reset
 * meanwhile, and grows by what is written. Beside a store that nobody has open, an empty log and its index may stay.
 * @throws STORE_UNREADABLE, STORE_FOREIGN, STORE_DAMAGED, STORE_TOO_NEW, STORE_LOCKED when the file cannot be opened at all
 */
export async function verifyStore(path: string, { onProgress }: VerifyOptions = {}): Promise<VerifyReport> {
  return runVerify({ file: resolve(path), store: path, of: 'store' }, onProgress)
}

/** Runs a verification on a thread of its own. */
export function runVerify(task: VerifyTask, onProgress: VerifyOptions['onProgress']): Promise<VerifyReport> {
  if (task.store === ':memory:') {
    const reason = 'a store in memory has no file'
    return Promise.reject(new MillraceError('STORE_UNREADABLE', { store: task.store, reason }))
  }
  // Beside this file, and like it TypeScript in development and JavaScript when installed.
  const script = new URL(`./verify-worker${extname(import.meta.url)}`, import.meta.url)
  const worker = new Worker(script, { workerData: task })
  return new Promise<VerifyReport>((settle, fail) => {
    worker.on('message', (message: VerifyMessage) => {
      try {
        if (message.kind === 'progress') onProgress?.(message.progress)
        else if (message.kind === 'report') settle(message.report)
        else fail(new MillraceError(message.code, message.fields))
      } catch (error) {
        // The caller's own `onProgress` failed.
        fail(error)
        void worker.terminate()
      }
    })
    worker.on('error', fail)
    worker.on('exit', (code) => fail(new Error(`the verification ended with exit code ${code} and without a report`)))
  })
}
