import type { StoreEngine } from '../transport/index.ts'
import { openEngine } from './engine.ts'
import { type SqliteOptions, settingsOf } from './options.ts'

export type { SqliteOptions } from './options.ts'
export { type BackupOptions, type BackupProgress, type BackupReport, backupStore } from './verify/backup.ts'
export {
  type Finding,
  type VerifyOptions,
  type VerifyProgress,
  type VerifyReport,
  verifyStore,
} from './verify/verify.ts'

/**
 * The embedded engine: store and transport in one SQLite file, which it makes if need be. Several processes may share the
 * file on one machine. `:memory:` keeps everything in this process, for tests.
 * @throws CONFIG_INVALID for an unknown option or a wrong value
 */
export function sqlite(path: string, options: SqliteOptions = {}): StoreEngine {
  const settings = settingsOf(options)
  return { engine: 'sqlite', open: (environment) => openEngine(path, settings, environment) }
}
