/** What a page has between `<!-- NAME: begin … -->` and `<!-- NAME: end -->` is written by the suite; the rest is not touched. */
const marks = (name: string): RegExp =>
  new RegExp(`(<!-- ${name}: begin(?: \\([^)]*\\))? -->\\n)[\\s\\S]*?(<!-- ${name}: end -->)`)

export const hasBlock = (page: string, name: string): boolean => marks(name).test(page)

/** The page with a block written anew. @throws Error when it has no such block */
export function withBlock(page: string, name: string, text: string): string {
  if (!hasBlock(page, name)) {
    throw new Error(
      `The page has no place for '${name}': put <!-- ${name}: begin --> and <!-- ${name}: end --> on lines of their own.`,
    )
  }
  return page.replace(marks(name), (_, open: string, close: string) => `${open}\n${text}\n\n${close}`)
}
