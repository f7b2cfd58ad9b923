import { chance } from './chance.ts'

/** Where e-mails go out. Some receivers turn a first and a second attempt away, as greylisting mail servers do. */
export interface MailServer {
  /**
   * Sends an e-mail. `messageId` tells receivers that a second one is the same e-mail.
   * @throws Error when the address is none, or when the receiver wants it sent again later
   */
  send(mail: Mail, attempt: number): Promise<void>
}

export interface Mail {
  readonly to: string
  readonly subject: string
  readonly messageId: string
}

const greylistRate = 0.03
const attemptsTurnedAway = 2
const address = /^[^\s@]+@[^\s@]+\.[^\s@]+$/

export function mailServer(seed: number): MailServer {
  return {
    async send({ to, subject }, attempt) {
      if (!address.test(to)) throw new Error(`'${to}' is not an e-mail address`)
      if (attempt <= attemptsTurnedAway && chance(seed, 'mail server', to, subject) < greylistRate) {
        throw new Error(`The mail server of ${to} is busy (attempt ${attempt})`)
      }
    },
  }
}
