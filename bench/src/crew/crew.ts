import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Context } from '../measurement.ts'
import type { Assignment, MemberTold, Worked } from './protocol.ts'
import type { MemberTask } from './tasks.ts'

const member = new URL('./member.ts', import.meta.url)

/**
 * Several processes that do the same on one store.
 * @returns the time from when the first of them began to when the last was done
 */
export async function crew(
  { folder, events, synchronous, large }: Context,
  task: MemberTask,
  members: number,
  count: number,
): Promise<number> {
  const children = Array.from({ length: members }, (_, index) => {
    const assignment: Assignment = {
      task,
      folder,
      count: Math.ceil(count / members),
      index,
      events,
      synchronous,
      large,
    }
    return hire(assignment)
  })
  await Promise.all(children.map((child) => next(child)))
  const worked = children.map((child) => next(child))
  for (const child of children) child.send('go')
  const times = (await Promise.all(worked)) as readonly Worked[]
  await Promise.all(children.map(async (child) => child.exitCode ?? (await once(child, 'exit'))))
  return Math.max(...times.map(({ endedMs }) => endedMs)) - Math.min(...times.map(({ beganMs }) => beganMs))
}

/** Runs a task that ends by killing its process. */
export async function crewUntilKilled(context: Context, task: MemberTask, count: number): Promise<void> {
  const { folder, events, synchronous, large } = context
  const child = hire({ task, folder, count, index: 0, events, synchronous, large })
  const exit = once(child, 'exit')
  await next(child)
  child.send('go')
  const [, signal] = await exit
  if (signal !== 'SIGKILL') throw new Error(`the process of ${task} was to be killed and ended otherwise; see above`)
}

/** Starts one member, which begins when it is told to. */
function hire(assignment: Assignment): ChildProcess {
  return fork(member, [JSON.stringify(assignment)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
}

/** What the member tells next. */
function next(child: ChildProcess): Promise<MemberTold> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void =>
      reject(new Error(`a process of the crew ended with ${signal ?? `exit code ${code}`}; see above`))
    child.once('exit', onExit)
    child.once('message', (message) => {
      child.off('exit', onExit)
      resolve(message as MemberTold)
    })
  })
}
