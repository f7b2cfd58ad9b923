/**
 * The text with what stands between the marks `<!-- NAME: begin … -->` and `<!-- NAME: end -->` replaced.
 * @throws Error unless both marks are there once, in this order
 */
export function betweenMarks(text: string, name: string, content: string): string {
  const pattern = new RegExp(`(<!-- ${name}: begin[^>]*-->)[\\s\\S]*?(<!-- ${name}: end -->)`, 'g')
  const found = text.match(pattern) ?? []
  if (found.length !== 1)
    throw new Error(`there must be one pair of marks '<!-- ${name}: begin … -->', not ${found.length}`)
  return text.replace(pattern, (_, begin: string, end: string) => `${begin}\n\n${content.trim()}\n\n${end}`)
}
