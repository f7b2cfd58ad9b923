const inside = new URL('.', import.meta.resolve('millrace')).href
const ofOthers = [inside, '/node_modules/millrace/', 'node:internal']

/** The lines of a stack that are the application's: those of Millrace and Node.js tell a reader nothing. All, if none are. */
export function framesOf(stack: string | null | undefined): readonly string[] {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  const own = frames.filter((frame) => !ofOthers.some((part) => frame.includes(part)))
  return own.length === 0 ? frames : own
}
