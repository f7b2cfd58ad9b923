import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { usageOf } from '../src/parse.ts'

const page = readFileSync(join(import.meta.dirname, '../../../docs/cli.md'), 'utf8')

describe('docs/cli.md', () => {
  it.each(commands.map((command) => [command.name, command] as const))('has %s with all its options', (_, command) => {
    const row = page.split('\n').find((line) => line.startsWith(`| \`${usageOf(command)}\` |`))
    expect(row).toBeDefined()
    const options = [...row!.matchAll(/`(--[\w-]+)`/g)].map(([, option]) => option)
    expect(options).toEqual(Object.keys(command.options).map((name) => `--${name}`))
  })
})
