import type { Durability, Engine, Tools } from './engine.ts'
import { end, freePorts, launch } from './lifecycle.ts'
import { identityOf } from './state.ts'

/** A private server that goes with the scope it was started in. */
export interface FreshServer extends AsyncDisposable {
  readonly address: string
  /** What was asked for, or `fast` where it cannot be as safe. */
  readonly achieved: Durability
  /** What it does before it confirms, in one line. */
  readonly durability: string
}

/**
 * Starts a server of our own on a free port, with settings that are known, installing it if need be.
 * @throws Error with what to do, when it cannot be installed or does not start
 */
export async function freshServer(engine: Engine, durability: Durability, tools: Tools): Promise<FreshServer> {
  const [port] = await freePorts(1)
  const instance = await launch(engine, { port: port!, durability, owner: identityOf(process.pid) }, tools)
  return {
    address: engine.address(port!),
    achieved: instance.achieved,
    durability: instance.durabilityText,
    [Symbol.asyncDispose]: () => end(engine, instance),
  }
}
