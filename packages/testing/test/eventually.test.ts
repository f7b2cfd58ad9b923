import { AssertionError } from 'node:assert'
import { eventually } from '@millrace/testing'
import { describe, expect, test } from 'vitest'

describe('eventually', () => {
  test('returns the first truthy answer, from plain and from asynchronous conditions', async () => {
    let asked = 0
    expect(await eventually(() => ++asked >= 3 && 'there')).toBe('there')
    expect(asked).toBe(3)
    expect(await eventually(async () => 7)).toBe(7)
  })

  test('a condition that throws is not met yet', async () => {
    let tries = 0
    await eventually(() => {
      expect(++tries).toBe(4)
      return true
    })
    expect(tries).toBe(4)
  })

  test('lets other work go on while it waits', async () => {
    let done = false
    setTimeout(() => {
      done = true
    }, 1)
    await eventually(() => done)
    expect(done).toBe(true)
  })

  test('gives up after its time with what was waited for and the last answer', async () => {
    const failure = await eventually(() => 0, { timeoutMs: 5, what: 'the queue is empty' }).catch((error) => error)
    expect(failure).toBeInstanceOf(AssertionError)
    expect(failure.message).toBe('Not so within 5 ms: the queue is empty\nthe last answer was 0')
  })

  test('gives up with the last error as the cause', async () => {
    const cause = new Error('still 3 left')
    const failure = await eventually(() => Promise.reject(cause), { timeoutMs: 0 }).catch((error) => error)
    expect(failure.message).toContain('the last try threw: still 3 left')
    expect(failure.cause).toBe(cause)
  })
})
