import { MillraceError } from '../base/index.ts'
import { type Handler, type HandlerContext, type HandlerOptions, isThenable, type Route } from '../delivery/index.ts'
import { type Composer, composeEvent, decodeEvent, type Event, validate } from '../event/index.ts'
import type { LogRecord, Unit } from '../store/index.ts'
import { errorReply, type Reply, replyCollection, replyContract } from './reply.ts'

/** The attribute of a request that names who waits for the reply (return address). */
export const returnAddress = 'replyto'
/** The attribute of a request whose id the caller chose: its reply is kept for repetitions. */
export const keptReply = 'replykept'
/** How long the reply to such a request is kept. */
const keptReplyMs = 24 * 3_600_000

/**
 * A handler refuses its command: no retry and no dead letter, the requester gets COMMAND_REFUSED with the reason.
 * @throws COMMAND_REFUSED, always
 */
export function refuse(reason: string, details: unknown = null): never {
  throw new MillraceError('COMMAND_REFUSED', { reason, details })
}

/** The route with its handler's result sent as the reply, where a reply is asked for. Events are left as they are. */
export function answering(route: Route): { handler: Handler<unknown, unknown>; options: HandlerOptions } {
  const { contract } = route
  if (contract === undefined || contract.kind === 'event') return route
  const reply = (event: Event, context: HandlerContext, value: unknown): void | Promise<void> => {
    if (event[returnAddress] === undefined) return
    const checked =
      contract.replySchema === undefined ? value : validate(`${contract.name} (reply)`, contract.replySchema, value)
    return checked instanceof Promise ? checked.then(() => send(event, context, value)) : send(event, context, value)
  }
  const handler: Handler<unknown, unknown> = (event, context) => {
    const result = route.handler(event, context)
    return isThenable(result)
      ? Promise.resolve(result).then((value) => reply(event, context, value))
      : reply(event, context, result)
  }
  // Whoever asks a query waits for the answer now: an error is the answer.
  const options = contract.kind === 'query' ? { onError: () => 'discard' as const, ...route.options } : route.options
  return { handler, options }
}

function send(event: Event, context: HandlerContext, value: unknown): void {
  const reply: Reply = { ok: true, value: value ?? null }
  context.publish(replyContract, reply, { subject: String(event[returnAddress]) })
  if (event[keptReply] === true) context.documents.put(replyCollection, event.id, reply, { ttlMs: keptReplyMs })
}

/** The error reply of a request that is given up. */
export function replyToGivenUp(
  composer: Composer,
  source: string,
  record: LogRecord,
  error: unknown,
): Pick<Unit, 'append' | 'documents'> {
  // Most events that are given up are no requests; those are told by a look at the text.
  if (record.event.attributes?.includes(`"${returnAddress}"`) !== true) return {}
  const request = decodeEvent({ ...record.event, data: null })
  const reply = errorReply(error)
  const event = composeEvent(
    composer,
    replyContract,
    source,
    reply,
    reply,
    { subject: String(request[returnAddress]) },
    request,
  )
  if (request[keptReply] !== true) return { append: [{ event }] }
  const document = {
    collection: replyCollection.name,
    key: request.id,
    value: JSON.stringify(reply),
    expiresMs: composer.clock.now() + keptReplyMs,
  }
  return { append: [{ event }], documents: [document] }
}
