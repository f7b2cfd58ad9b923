import { readFileSync } from 'node:fs'

/**
 * When a process was started, as Linux tells it in clock ticks since boot; null where it is not told. Together with the
 * number of the process it is unique until the next boot, so a number that was given out again is not taken for its
 * earlier owner.
 */
export function processStart(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The second field is the name of the program in parentheses, which may hold spaces and parentheses itself.
    // The start time is the 22nd field (proc_pid_stat(5)), so the 20th after that.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    // No such process, or no such file system: both are what null says.
    return null
  }
}

/** True unless it is certain that the process which had this number, and started then, is gone. */
export function isAlive(pid: number, started: string | null): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // EPERM tells of a process that is somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
  const now = started === null ? null : processStart(pid)
  return now === null || now === started
}
