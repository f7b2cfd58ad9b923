import type { KindName } from '../kind-names.ts'
import type { Kind } from '../work.ts'
import { batch } from './batch.ts'
import { big } from './big.ts'
import { dead, keyed, parked, retried } from './keyed.ts'
import { operated } from './operated.ts'
import { plain } from './plain.ts'
import { repeated } from './repeated.ts'
import { request } from './request.ts'
import { scheduled } from './scheduled.ts'
import { stream } from './stream.ts'
import { trimmed } from './trimmed.ts'
import { wait } from './wait.ts'
import { withSql } from './with-sql.ts'

/** All kinds of work. */
export const kinds: Readonly<Record<KindName, Kind>> = {
  plain,
  repeated,
  batch,
  keyed,
  retried,
  parked,
  dead,
  scheduled,
  request,
  stream,
  'with-sql': withSql,
  trimmed,
  operated,
  wait,
  big,
}
