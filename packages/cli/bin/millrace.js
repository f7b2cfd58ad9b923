#!/usr/bin/env node
// In a package, runs what was built. In a clone of the repository nothing is built: there Node.js runs the sources, and all
// packages are found by theirs.
import { existsSync } from 'node:fs'

const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  console.error(`millrace needs Node.js 24 or later; this is ${process.versions.node} (${process.execPath}).`)
  process.exit(1)
}

if (existsSync(new URL('../src/main.ts', import.meta.url))) {
  const { registerHooks } = await import('node:module')
  const condition = 'millrace-source'
  registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier, { ...context, conditions: [...context.conditions, condition] }),
  })
  // For worker threads, and for processes that it starts.
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --conditions=${condition}`.trim()
  await import('../src/main.ts')
} else {
  await import('../dist/main.js')
}
