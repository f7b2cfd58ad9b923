import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Tells when one of some files changes. It watches their folders, as editors replace a file and do not write into it. */
export class FileWatch {
  readonly #settleMs: number
  readonly #folders = new Map<string, { readonly watcher: FSWatcher; readonly names: Set<string> }>()
  #onChange: ((path: string) => void) | undefined

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
      if (name !== null && names.has(name)) this.#onChange?.(join(folder, name))
    })
    // A folder that is deleted ends its watch.
    watcher.on('error', () => this.#folders.delete(folder))
    this.#folders.set(folder, { watcher, names })
  }

  /** The next change, when no other has followed it for a moment; undefined when `signal` aborts first. */
  next(signal: AbortSignal): Promise<string | undefined> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined
      const end = (path: string | undefined): void => {
        clearTimeout(timer)
        this.#onChange = undefined
        signal.removeEventListener('abort', onAbort)
        resolve(path)
      }
      const onAbort = (): void => end(undefined)
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
      this.#onChange = (path) => {
        clearTimeout(timer)
        timer = setTimeout(() => end(path), this.#settleMs)
      }
    })
  }

  close(): void {
    for (const { watcher } of this.#folders.values()) watcher.close()
    this.#folders.clear()
  }
}
