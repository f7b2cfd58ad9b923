import { registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * In the process that `watch` starts: tells it every file that is imported, so that it knows what to watch. What packages
 * import is left out. When the watching process has gone, this one is told to end, too.
 */
export function reportImports(): void {
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context)
      if (resolved.url.startsWith('file:') && !resolved.url.includes('/node_modules/')) {
        process.send?.({ imported: fileURLToPath(resolved.url) })
      }
      return resolved
    },
  })
  process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'))
}
