import { channels, type Stage } from '../base/index.ts'

/** Publishes to the stage's diagnostics channel, if anybody listens. The message is made only then. */
export function tell(stage: Stage, message: () => Readonly<Record<string, unknown>>): void {
  const channel = channels[stage]
  if (channel.hasSubscribers) channel.publish(message())
}
