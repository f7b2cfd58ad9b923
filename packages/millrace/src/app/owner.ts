import { readFileSync, readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { NewId } from '../base/index.ts'
import type { LeaseOwner } from '../store/index.ts'

/**
 * Who this process is to leases. `host` names the machine since its last boot and the process's own table of processes,
 * because a process id means something only within those.
 */
export function leaseOwner(newId: NewId): LeaseOwner {
  return { instance: newId(), pid: process.pid, host: `${hostname()}/${bootId()}/${processTable()}` }
}

function bootId(): string {
  return attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
}

function processTable(): string {
  return attempt(() => readlinkSync('/proc/self/ns/pid'))
}

/** Systems without these files have one table of processes; a lease of theirs is known by the machine's name alone. */
function attempt(read: () => string): string {
  try {
    return read()
  } catch {
    return '-'
  }
}
