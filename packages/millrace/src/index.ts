export { isMillraceError, MillraceError } from './base/index.ts'
