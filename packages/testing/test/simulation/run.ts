import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Edit } from '../../faults/edits/edit.ts'
import { editsVariable } from '../../faults/edits/edit.ts'

const program = fileURLToPath(new URL('../../simulation/main.ts', import.meta.url))
const register = new URL('../../faults/edits/register.ts', import.meta.url).href

export interface Ran {
  readonly code: number
  readonly output: string
}

/** Runs seeds in a process of their own, as they take its timers. @param edits changes of the product */
export function simulate(args: readonly string[], edits: readonly Edit[] = []): Promise<Ran> {
  const preload = edits.length === 0 ? [] : ['--import', register]
  const env = { ...process.env, [editsVariable]: JSON.stringify(edits) }
  return new Promise((resolve) => {
    const command = ['-C', 'millrace-source', ...preload, program, ...args]
    execFile(process.execPath, command, { env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, output: stdout + stderr })
    })
  })
}

/** The lines of the seeds, each with what its run did. */
export const seedLines = ({ output }: Ran): readonly string[] =>
  output.split('\n').filter((line) => /^[✓✗] seed/.test(line))
