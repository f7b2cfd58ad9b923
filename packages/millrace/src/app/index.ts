export type {
  Application,
  ApplicationConfig,
  ApplicationDocuments,
  Health,
  Retention,
  StreamedFrom,
} from './application.ts'
export { millrace } from './millrace.ts'
