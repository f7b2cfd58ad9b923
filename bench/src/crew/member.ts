// One of several processes that work on one store together. `crew` starts it.
import { once } from 'node:events'
import { contextOf } from '../run/context.ts'
import { endWithParent } from '../run/parent.ts'
import type { Assignment, MemberTold } from './protocol.ts'
import { sharedMs } from './shared-clock.ts'
import { memberTasks } from './tasks.ts'

const assignment = JSON.parse(process.argv[2]!) as Assignment
const tell = (told: MemberTold): void => void process.send!(told)

const end = endWithParent()
const context = contextOf(assignment, assignment.folder, () => {})
await memberTasks[assignment.task](context, assignment, {
  async begin() {
    const go = once(process, 'message')
    tell('ready')
    await go
    return sharedMs()
  },
  ended: (beganMs) => tell({ beganMs, endedMs: sharedMs() }),
})
end()
