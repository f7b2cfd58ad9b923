export type {
  Application,
  ApplicationConfig,
  ApplicationDocuments,
  Health,
  Retention,
  StartOptions,
  StreamedFrom,
} from './application.ts'
export { millrace } from './millrace.ts'
