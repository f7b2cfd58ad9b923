/** What a server may lose: `safe` syncs before it confirms; `fast` is its usual quicker setting. */
export type Durability = 'safe' | 'fast'

/** Where a server of ours listens and keeps its files. */
export interface Place {
  /** On 127.0.0.1. */
  readonly port: number
  /** Two more free ports, for what a server needs besides. */
  readonly sparePorts: readonly [number, number]
  /** Throw-away: removed when the server is stopped. */
  readonly folder: string
  readonly durability: Durability
}

/** The command that runs a server in the foreground. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The account it runs as when we are root; without it our own. */
  readonly account?: string
  /** What asks it to end in order. Default SIGTERM. */
  readonly stopSignal?: NodeJS.Signals
  /** The version that it will be, where the protocol does not tell. */
  readonly version?: string
  /** What was asked for, or `fast` where this server cannot be as safe as it was asked to be. */
  readonly achieved: Durability
  /** What it does before it confirms, in one line. */
  readonly durability: string
}

/** What a server said when it was spoken to in its own protocol. */
export interface Answer {
  /** `undefined` where the protocol does not tell. */
  readonly version?: string | undefined
  /** Why it cannot be used although it answers. */
  readonly problem?: string
}

export interface Tools {
  /** Tells people what is going on. */
  readonly say: (text: string) => void
}

/** One server program: how it is installed, run and spoken to. One file each, all of this shape. */
export interface Engine {
  readonly name: string
  readonly title: string
  /** Where it usually listens. */
  readonly port: number
  /** The Debian packages that bring it. */
  readonly packages: readonly string[]
  /** The programs that are not there; none when it can be run. */
  missing(): readonly string[]
  /** What a client is given to connect. */
  address(port: number): string
  /** Prepares the folder, and says how to run the server in it. */
  command(place: Place, tools: Tools): Promise<Command>
  /** Speaks to whatever listens; `undefined` while it does not answer as this kind of server. */
  probe(port: number): Promise<Answer | undefined>
  /** Ends what the server leaves running. */
  sweep?(place: Place): Promise<void>
}
