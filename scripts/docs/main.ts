// npm run docs                      writes the generated pages anew
// npm run docs -- README.md …       checks the code blocks and links of these pages alone
import { writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { generatedPages } from './generated.ts'
import { checkPages } from './pages.ts'

const root = resolve(import.meta.dirname, '../..')
const pages = process.argv.slice(2).map((path) => relative(root, resolve(path)))

if (pages.length === 0) {
  for (const { path, make } of generatedPages) {
    writeFileSync(join(root, path), make())
    console.log(`wrote ${path}`)
  }
} else {
  const { looked, failures } = await checkPages(root, pages)
  for (const failure of failures) console.error(`${failure}\n`)
  console.log(`${failures.length === 0 ? '✓' : '✗'} ${looked}`)
  if (failures.length > 0) process.exitCode = 1
}
