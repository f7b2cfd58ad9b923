import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'

/** What the front matter of a pattern's page says, and where the page is. */
export interface Pattern {
  readonly id: string
  readonly title: string
  /** What else the pattern is called. */
  readonly names: readonly string[]
  /** One sentence. */
  readonly promise: string
  /** The page's path from the root of the repository. */
  readonly page: string
}

const folder = 'docs/patterns'
const root = resolve(import.meta.dirname, '../..')

/** The families of patterns, by the letter of their ids. */
const families: Readonly<Record<string, string>> = {
  A: 'Events and contracts',
  B: 'Communication',
  C: 'Delivery',
  D: 'Consumers',
}

/** The parts of an id by which patterns are sorted: C9 stands before C10. */
const placeOf = (id: string): readonly [string, number] => [id.slice(0, 1), Number(id.slice(1))]

function inOrder(a: Pattern, b: Pattern): number {
  const [family, number] = placeOf(a.id)
  const [otherFamily, otherNumber] = placeOf(b.id)
  return family === otherFamily ? number - otherNumber : family < otherFamily ? -1 : 1
}

/** The pattern that a page describes. Throws when its front matter is not what the index needs. */
export function patternOf(page: string, source: string): Pattern {
  const refuse = (reason: string): never => {
    throw new Error(`${page}: ${reason}`)
  }
  const [, text] = /^---\n(.*?)\n---\n/s.exec(source) ?? refuse('it does not begin with front matter')
  const { id, title, names, promise, ...others } = (parse(text!) ?? {}) as Readonly<Record<string, unknown>>
  const [other] = Object.keys(others)
  if (other !== undefined) refuse(`its front matter has '${other}'; there are id, title, names and promise`)
  if (typeof id !== 'string' || !/^[A-Z]\d+$/.test(id) || !(placeOf(id)[0] in families)) refuse('its `id` is none')
  if (typeof title !== 'string' || !source.includes(`\n# ${title}\n`)) refuse('its `title` is not its heading')
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string'))
    refuse('its `names` are no list of names')
  if (typeof promise !== 'string' || !/^[A-Z][^.]*\.$/.test(promise)) refuse('its `promise` is not one sentence')
  return { id, title, names, promise, page } as Pattern
}

/** The patterns that have a page, in the order of their ids. Throws when two have the same id. */
export function patternsOf(pages: Readonly<Record<string, string>>): readonly Pattern[] {
  const patterns = Object.entries(pages).map(([page, source]) => patternOf(page, source))
  patterns.sort(inOrder)
  for (const [index, { id, page }] of patterns.entries()) {
    if (id === patterns[index + 1]?.id) throw new Error(`${page}: another page has the id ${id}, too`)
  }
  return patterns
}

function readPatterns(): readonly Pattern[] {
  const files = readdirSync(join(root, folder)).filter((file) => file.endsWith('.md') && file !== 'README.md')
  return patternsOf(
    Object.fromEntries(files.map((file) => [`${folder}/${file}`, readFileSync(join(root, folder, file), 'utf8')])),
  )
}

const cell = (text: string): string => text.replaceAll('|', '\\|')

const row = ({ id, title, names, promise, page }: Pattern): string =>
  `| ${id} | [${cell(title)}](${page.slice(folder.length + 1)}) | ${cell(names.join(', '))} | ${cell(promise)} |`

function table(family: string, patterns: readonly Pattern[]): string {
  const rows = patterns.filter(({ id }) => id.startsWith(family)).map(row)
  return `## ${families[family]}\n\n|  | pattern | also called | promise |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

/** The text of docs/patterns/README.md. */
export function patternsPage(patterns: readonly Pattern[] = readPatterns()): string {
  const used = Object.keys(families).filter((family) => patterns.some(({ id }) => id.startsWith(family)))
  return `# Patterns

<!-- Generated from the pages of this folder by \`npm run docs\`. Change their front matter, or scripts/docs/patterns.ts. -->

One page a pattern: the problem, the promise, code that is run by the tests of this repository, how it works inside, when not
to use it, and the traps that it avoids. \`millrace patterns WORD\` finds a pattern on the command line, under its other names
too.

${used.map((family) => table(family, patterns)).join('\n')}
## Not there yet

So that you need not search for them:

- **Competing consumers, consumer groups, partitions across processes.** A subscription is run by one process at a time;
  others can stand by. See [exclusive consumer](exclusive-consumer.md).
- **Event filtering by expression** (CloudEvents SQL, rules, content-based routing). A handler has a typed predicate,
  \`filter\`; see [publish-subscribe](publish-subscribe.md#filtering).
- **Pull consumers, priorities, rate limits.** Handlers are pushed to, as fast as they finish.
- **Claim check.** Data over \`maxEventBytes\` is refused; keep it elsewhere and publish a reference.
- **Other engines, and adapters of brokers.** There is one engine, SQLite, in a file or in memory. The port for brokers and
  the routes to them are there, see [multi-broker](multi-broker.md); of brokers there is one in memory, for tests.
- **Projections, deciders and snapshots, workflows and sagas, windows and joins.** Streams with an expected revision,
  documents and scheduled messages are there to build on.
`
}

/** The text of packages/cli/src/patterns.json, for \`millrace patterns\`. An array that fits into a line stands on one. */
export function patternsData(patterns: readonly Pattern[] = readPatterns()): string {
  const object = (pattern: Pattern): string => {
    const lines = Object.entries(pattern).map(([name, value]) => {
      const line = `    ${JSON.stringify(name)}: ${Array.isArray(value) ? onOneLine(value) : JSON.stringify(value)}`
      if (!Array.isArray(value) || line.length < 120) return line
      const items = value.map((item) => `      ${JSON.stringify(item)}`)
      return `    ${JSON.stringify(name)}: [\n${items.join(',\n')}\n    ]`
    })
    return `  {\n${lines.join(',\n')}\n  }`
  }
  return `[\n${patterns.map(object).join(',\n')}\n]\n`
}

const onOneLine = (values: readonly unknown[]): string => `[${values.map((value) => JSON.stringify(value)).join(', ')}]`
