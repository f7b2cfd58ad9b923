import { styleText } from 'node:util'

type Colour = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

/** Gives text a colour, where colours are wanted. */
export type Paint = Readonly<Record<Colour, (text: string) => string>>

/** Terminals get colours unless NO_COLOR (https://no-color.org) or TERM=dumb says otherwise; FORCE_COLOR goes before both. */
export function paint(stream: { readonly isTTY?: boolean }, env: Readonly<Record<string, string | undefined>>): Paint {
  const forced = env.FORCE_COLOR
  const isColoured =
    forced === undefined ? stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb' : forced !== '0'
  const as = (colour: Colour) => (text: string) =>
    isColoured && text !== '' ? styleText(colour, text, { validateStream: false }) : text
  return {
    bold: as('bold'),
    dim: as('dim'),
    red: as('red'),
    green: as('green'),
    yellow: as('yellow'),
    cyan: as('cyan'),
  }
}

/** Text without colours. */
export const plain: Paint = paint({}, {})
