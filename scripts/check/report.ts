import { styleText } from 'node:util'
import { count, type Findings, type Step } from './step.ts'

type Style = Parameters<typeof styleText>[0]

/** How one step ended. */
export interface Outcome {
  readonly step: Step
  readonly findings: Findings
  readonly ms: number
}

/** Prints the steps one line each, to be read by people and in logs. Colours only where the stream shows them. */
export class Report {
  readonly #stream: NodeJS.WriteStream

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** A step begins; on a terminal its name shows until it ends. */
  started(step: Step): void {
    if (this.#stream.isTTY) this.#stream.write(this.#style('dim', `… ${step.name}  ${step.title}`))
  }

  ended({ step, findings, ms }: Outcome): void {
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K')
    const passed = findings.failures.length === 0
    const mark = passed ? this.#style('green', '✓') : this.#style('red', '✗')
    const time = `${(ms / 1000).toFixed(1)} s`.padStart(7)
    const warnings = findings.warnings?.length ?? 0
    const warned = warnings > 0 ? this.#style('yellow', `  ${count(warnings, 'warning')}`) : ''
    this.#line(`${mark} ${step.name.padEnd(10)} ${this.#style('dim', time)}  ${findings.looked}${warned}`)
    for (const warning of findings.warnings ?? []) this.#line(this.#style('yellow', `    ${warning}`))
    for (const failure of findings.failures) this.#line(indent(failure, this.#style('red', '  │ ')))
  }

  summary(outcomes: readonly Outcome[]): void {
    const failed = outcomes.filter(({ findings }) => findings.failures.length > 0)
    const seconds = outcomes.reduce((sum, { ms }) => sum + ms, 0) / 1000
    const passed = `${outcomes.length - failed.length} of ${outcomes.length} checks passed in ${seconds.toFixed(1)} s`
    const names = failed.map(({ step }) => step.name)
    this.#line('')
    if (failed.length === 0) this.#line(this.#style('green', passed))
    else this.#line(this.#style('red', `${passed}; failed: ${names.join(', ')}`))
    if (failed.length > 0) this.#line(`Run the failed ones alone: npm run check -- --only ${names.join(',')}`)
  }

  #line(text: string): void {
    this.#stream.write(`${text}\n`)
  }

  #style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#stream })
  }
}

const indent = (text: string, margin: string): string =>
  text
    .split('\n')
    .map((line) => margin + line)
    .join('\n')
