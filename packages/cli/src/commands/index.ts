import type { Command } from '../command.ts'
import { backup } from './backup.ts'
import { deadLettersDiscard } from './dead-letters-discard.ts'
import { deadLettersEdit } from './dead-letters-edit.ts'
import { deadLettersList } from './dead-letters-list.ts'
import { deadLettersRedrive } from './dead-letters-redrive.ts'
import { deadLettersShow } from './dead-letters-show.ts'
import { inspect } from './inspect.ts'
import { parkedList } from './parked-list.ts'
import { parkedRelease } from './parked-release.ts'
import { patterns } from './patterns.ts'
import { pause } from './pause.ts'
import { publish } from './publish.ts'
import { remove } from './remove.ts'
import { replay } from './replay.ts'
import { resume } from './resume.ts'
import { rewind } from './rewind.ts'
import { run } from './run.ts'
import { subscriptions } from './subscriptions.ts'
import { tail } from './tail.ts'
import { timersCancel } from './timers-cancel.ts'
import { timersList } from './timers-list.ts'
import { topics } from './topics.ts'
import { verify } from './verify.ts'
import { watch } from './watch.ts'

/** All commands, as the help shows them. */
export const groups: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  { title: 'Applications', commands: [run, watch] },
  { title: 'Events', commands: [publish, tail, topics, timersList, timersCancel] },
  { title: 'Subscriptions', commands: [subscriptions, pause, resume, rewind, replay, remove] },
  {
    title: 'What failed',
    commands: [
      deadLettersList,
      deadLettersShow,
      deadLettersRedrive,
      deadLettersEdit,
      deadLettersDiscard,
      parkedList,
      parkedRelease,
    ],
  },
  { title: 'Stores', commands: [inspect, verify, backup] },
  { title: 'Reference', commands: [patterns] },
]

export const commands: readonly Command[] = groups.flatMap((group) => group.commands)
