import type { Scheduler } from './scheduler.ts'

const real = { ...timersOf(globalThis), random: Math.random }

function timersOf({
  setImmediate,
  clearImmediate,
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
}: typeof globalThis) {
  return { setImmediate, clearImmediate, setTimeout, clearTimeout, setInterval, clearInterval }
}

/** What stands for a timer of the platform: it keeps nothing alive, and cancels by itself. */
interface Handle {
  cancel: () => void
  ref(): Handle
  unref(): Handle
  hasRef(): boolean
}

function handleOf(cancel: () => void): Handle {
  const handle: Handle = { cancel, ref: () => handle, unref: () => handle, hasRef: () => false }
  return handle
}

/**
 * Puts the simulated machine in the place of the timers and the randomness of the platform, for code that runs in a process
 * of the machine; all other code keeps the real ones. One machine at a time can be there in a thread.
 * @returns what undoes it
 */
export function simulateGlobals(scheduler: Scheduler, random: () => number): () => void {
  const setTimer = (task: (...args: unknown[]) => void, delayMs: number, repeat: boolean, args: unknown[]): Handle => {
    const process = scheduler.current!
    const handle = handleOf(() => {})
    const plan = (): void => {
      handle.cancel = scheduler.after(process, delayMs, () => {
        if (repeat) plan()
        task(...args)
      })
    }
    plan()
    return handle
  }
  const clear =
    (clearReal: (handle: never) => void) =>
    (handle: Handle | undefined): void => {
      if (typeof handle?.cancel === 'function') handle.cancel()
      else clearReal(handle as never)
    }
  const simulated = {
    setImmediate: (task: (...args: unknown[]) => void, ...args: unknown[]) =>
      scheduler.current === undefined
        ? real.setImmediate(task, ...args)
        : handleOf(scheduler.soon(scheduler.current, () => task(...args))),
    setTimeout: (task: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
      scheduler.current === undefined ? real.setTimeout(task, delayMs, ...args) : setTimer(task, delayMs, false, args),
    setInterval: (task: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) =>
      scheduler.current === undefined ? real.setInterval(task, delayMs, ...args) : setTimer(task, delayMs, true, args),
    clearImmediate: clear(real.clearImmediate),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
  }
  Object.assign(globalThis, simulated)
  Math.random = () => (scheduler.current === undefined ? real.random() : random())
  return () => {
    const { random: realRandom, ...timers } = real
    Object.assign(globalThis, timers)
    Math.random = realRandom
  }
}
