import { fork } from 'node:child_process'
import type { Sample } from '../measurement.ts'
import type { Task, Told } from './protocol.ts'

const measure = new URL('./measure.ts', import.meta.url)

/** Long measurements tell how far they are. One that hangs does not hold up the others for ever. */
const longestSilenceMs = 10 * 60_000

/** Sources run as they are, and the collector can be asked to tidy up before the clock runs. */
const childFlags = ['-C', 'millrace-source', '--expose-gc']

/**
 * Runs a task in a new process.
 * @returns the sample; undefined for a preparation
 */
export function runTask(task: Task, say: (text: string) => void): Promise<Sample | undefined> {
  return new Promise((resolve, reject) => {
    const child = fork(measure, [JSON.stringify(task)], {
      execArgv: childFlags,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    let sample: Sample | undefined
    const silence = setTimeout(() => {
      say(`nothing was heard of it for ${longestSilenceMs / 60_000} minutes: it is ended`)
      child.kill('SIGKILL')
    }, longestSilenceMs)
    child.on('message', (message) => {
      silence.refresh()
      const told = message as Told
      if ('progress' in told) say(told.progress)
      if ('sample' in told) sample = told.sample
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      clearTimeout(silence)
      if (code === 0) resolve(sample)
      else reject(new Error(`${task.measurement} ended with ${signal ?? `exit code ${code}`}; see above`))
    })
  })
}
