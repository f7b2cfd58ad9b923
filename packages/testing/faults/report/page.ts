import { mutants } from '../mutants/mutants.ts'
import { points } from '../points/points.ts'
import type { SuiteEvidence } from './evidence.ts'

const grouped = (number: number): string => number.toLocaleString('en-US')
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

/** Counts that have a column of their own, and those that have a table of their own. */
const shown = new Set([
  'operations',
  'ok',
  'failed',
  'indeterminate',
  'events',
  'effects',
  'tries',
  'steps',
  'SQL_FAILED',
  'REVISION_CONFLICT',
])
const isDetail = (name: string): boolean => /^(point|killed at|caught:) /.test(name)

const countOf = ({ counts }: SuiteEvidence, name: string): string => {
  const count = counts[name]
  return count === undefined ? '' : grouped(count)
}

/** What was done to the system, in numbers. */
function doneIn({ counts, skipped }: SuiteEvidence): string {
  if (skipped !== null) return `not run: ${skipped}`
  return Object.entries(counts)
    .filter(([name]) => !shown.has(name) && !isDetail(name))
    .map(([name, count]) => `${grouped(count)} ${name}`)
    .join(', ')
}

function resultOf({ failed, findings, missing, skipped }: SuiteEvidence): string {
  if (skipped !== null) return ''
  if (failed === 0 && missing.length === 0) return '0'
  return [...(failed > 0 ? [`**${findings} in ${failed} seeds**`] : []), ...missing].join('; ')
}

const isFault = ({ name }: SuiteEvidence): boolean => name !== 'mutants'

/** The table of the README. */
export function summary(evidence: readonly SuiteEvidence[]): string {
  const rows = evidence
    .filter(isFault)
    .map((one) => [
      one.name,
      one.description,
      one.skipped === null ? grouped(one.seeds) : 'not run',
      countOf(one, 'operations'),
      countOf(one, 'effects'),
      resultOf(one),
    ])
  const tried = evidence.find(({ name }) => name === 'mutants')
  const caught = tried === undefined ? 0 : tried.seeds - tried.failed
  const proof = `The checkers found ${caught} of ${mutants.length} deliberate mistakes in Millrace.`
  return `${table(['fault', 'what is done', 'seeds', 'operations', 'effects', 'findings'], rows)}\n\n${proof}`
}

/** The generated part of the page. */
export function details(evidence: readonly SuiteEvidence[]): string {
  return [
    '## What was tried, and what was found',
    table(
      [
        'fault',
        'what is done',
        'seeds',
        'operations',
        'ok',
        'failed',
        'indeterminate',
        'events',
        'effects',
        'done',
        'findings',
      ],
      evidence
        .filter(isFault)
        .map((one) => [
          one.name,
          one.description,
          grouped(one.seeds),
          ...['operations', 'ok', 'failed', 'indeterminate', 'events', 'effects'].map((name) => countOf(one, name)),
          doneIn(one),
          resultOf(one),
        ]),
    ),
    '## When and where',
    table(
      ['fault', 'date', 'commit', 'seeds', 'time', 'again'],
      evidence.map(({ name, date, commit, first, seeds, seconds }) => [
        name,
        date,
        `\`${commit}\``,
        seeds === 0 ? '' : `${first} to ${first + seeds - 1}`,
        `${grouped(seconds)} s`,
        `\`npm run test:faults -- --only ${name} --first ${first} --seeds ${seeds}\``,
      ]),
    ),
    ...[...new Set(evidence.map(({ machine }) => machine))].map((machine) => `Machine: ${machine}.`),
    '## Deliberate mistakes',
    mutantTable(evidence.find(({ name }) => name === 'mutants')),
    '## Points at which processes were killed',
    pointTable(evidence.find(({ name }) => name === 'kill')),
  ].join('\n\n')
}

function mutantTable(evidence: SuiteEvidence | undefined): string {
  const rows = mutants.map(({ name, breaks, finding }) => [
    name,
    breaks,
    `\`${finding}\``,
    evidence?.counts[`caught: ${name}`] === undefined ? '**not tried**' : 'yes',
  ])
  return table(['mistake', 'what it breaks', 'must be found as', 'found'], rows)
}

function pointTable(evidence: SuiteEvidence | undefined): string {
  const rows = points.map(({ name }) => [
    name,
    grouped(evidence?.counts[`point ${name}`] ?? 0),
    grouped(evidence?.counts[`killed at ${name}`] ?? 0),
  ])
  return table(['point', 'processes that reached it', 'killed there'], rows)
}
