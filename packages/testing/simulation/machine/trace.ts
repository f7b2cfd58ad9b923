/** What is another one in every run: the number of the real process, the name of a temporary folder. */
const ofTheRun = /(?<="pid":)\d+|(?<=process )\d+(?= \()|(?<=millrace-simulation-)\w+/g

/** What happened in a run, in order: kept as lines for people and as one number for comparing two runs. */
export class Trace {
  readonly lines: string[] = []
  readonly #clock: () => number
  #hash = 0x811c9dc5

  /** @param clock the simulated time in milliseconds since the start */
  constructor(clock: () => number) {
    this.#clock = clock
  }

  /** Notes what `who` did, or what happened to it. */
  note(who: string, what: string): void {
    const line = `${this.#clock().toFixed(3).padStart(12)}  ${who.padEnd(8)}  ${what.replaceAll(ofTheRun, '')}`
    this.lines.push(line)
    for (let index = 0; index < line.length; index++) this.mix(line.charCodeAt(index))
  }

  /** Mixes something into the fingerprint that is not worth a line, such as a choice of the scheduler (FNV-1a). */
  mix(value: number): void {
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193)
  }

  /** The same for two runs exactly if they did the same, as far as 32 bits can tell. */
  get fingerprint(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, '0')
  }
}
