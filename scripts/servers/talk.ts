import { connect } from 'node:net'

/** What is read next: how many bytes, or `undefined` to see all that came. */
export interface Talk {
  send(bytes: Buffer | string): void
  /** Resolves with all bytes received since the last `take` as soon as `enough` accepts them. */
  take(enough: (bytes: Buffer) => boolean): Promise<Buffer>
}

/**
 * Opens a TCP connection to loopback, talks, and closes it.
 * @returns `undefined` when nobody listens, the other side hangs up, or it does not say what is awaited within `timeoutMs`
 */
export function talk<T>(
  port: number,
  conversation: (talk: Talk) => Promise<T>,
  timeoutMs = 3_000,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    let received = Buffer.alloc(0)
    let check = (): void => {}
    const finish = (value: T | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(value)
    }
    const timer = setTimeout(() => finish(undefined), timeoutMs)
    const take = (enough: (bytes: Buffer) => boolean): Promise<Buffer> =>
      new Promise((taken) => {
        check = () => {
          if (!enough(received)) return
          const bytes = received
          received = Buffer.alloc(0)
          check = () => {}
          taken(bytes)
        }
        check()
      })
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      check()
    })
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    // An answer in another protocol breaks the reading of it: then this is not the server that was looked for.
    socket.on('connect', () => {
      conversation({ send: (bytes) => void socket.write(bytes), take }).then(finish, () => finish(undefined))
    })
  })
}

/** True once the bytes hold the text. */
export const holds =
  (text: string) =>
  (bytes: Buffer): boolean =>
    bytes.includes(text)

/** True once there are that many bytes. */
export const atLeast =
  (count: number) =>
  (bytes: Buffer): boolean =>
    bytes.length >= count
