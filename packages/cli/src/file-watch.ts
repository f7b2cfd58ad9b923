import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Tells when one of some files changes. It watches their folders, as editors replace a file and do not write into it. */
export class FileWatch {
  readonly #settleMs: number
  readonly #folders = new Map<string, { readonly watcher: FSWatcher; readonly names: Set<string> }>()
  /** What has changed since it was last told. */
  #changed: string | undefined
  #onChange: (() => void) | undefined

  constructor(settleMs: number) {
    this.#settleMs = settleMs
  }

  add(path: string): void {
    const folder = dirname(path)
    const known = this.#folders.get(folder)
    if (known !== undefined) {
      known.names.add(basename(path))
      return
    }
    const names = new Set([basename(path)])
    const watcher = watch(folder, (_, name) => {
      if (name === null || !names.has(name)) return
      this.#changed = join(folder, name)
      this.#onChange?.()
    })
    // A folder that is deleted ends its watch.
    watcher.on('error', () => this.#folders.delete(folder))
    this.#folders.set(folder, { watcher, names })
  }

  /**
   * The file that has changed since this was last asked, or that changes next, when no other has followed it for a moment;
   * undefined when `signal` aborts first.
   */
  next(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const end = (path: string | undefined): void => {
        clearTimeout(timer)
        this.#onChange = undefined
        this.#changed = undefined
        signal.removeEventListener('abort', onAbort)
        resolve(path)
      }
      const onAbort = (): void => end(undefined)
      this.#onChange = () => {
        clearTimeout(timer)
        timer = setTimeout(() => end(this.#changed), this.#settleMs)
      }
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      else if (this.#changed !== undefined) this.#onChange()
    })
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }
}
