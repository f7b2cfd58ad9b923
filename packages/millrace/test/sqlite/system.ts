import { execFileSync } from 'node:child_process'
import { onTestFinished } from 'vitest'

/** Runs a program of the system; false where it is missing or failed, as without the rights of the administrator. */
export function succeeds(program: string, ...values: readonly string[]): boolean {
  try {
    execFileSync(program, values, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Mounts something on a folder until the test is over; false where that is not permitted. */
export function mount(folder: string, ...values: readonly string[]): boolean {
  if (!succeeds('mount', ...values, folder)) return false
  onTestFinished(() => void succeeds('umount', '-l', folder))
  return true
}

/** The environment in which fsync fails as failing-fsync.c says; undefined where it cannot be compiled. */
export function failingFsync(folder: string): Readonly<Record<string, string>> | undefined {
  const library = `${folder}/failing-fsync.so`
  const compiled = succeeds('cc', '-shared', '-fPIC', '-o', library, `${import.meta.dirname}/failing-fsync.c`, '-ldl')
  return compiled ? { LD_PRELOAD: library } : undefined
}
