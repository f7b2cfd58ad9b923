import { expect, it } from 'vitest'
import { outputFits } from '../compare.ts'

it.each([
  ['a\nb\n', 'a\nb', true],
  ['a', 'a  \n\n', true],
  ['a', 'b', false],
  ['a', 'a\nb', false],
  ['a\nb', 'a', false],
  ['id … in … ms', 'id 0198-x in 1.25 ms', true],
  ['id … in … ms', 'id 0198-x in 1.25 s', false],
  ['a … c', 'a\nb c', false],
  ['a\n…\nd', 'a\nb\nc\nd', true],
  ['a\n…\nd', 'a\nd', true],
  ['a\n…\nd', 'a\nb', false],
  ['…', '', true],
  ['a\n…', 'a', true],
  ['(1 + 1) [x].*', '(1 + 1) [x].*', true],
  ['a.c', 'abc', false],
])('expected %j, printed %j: %s', (expected, actual, fits) => {
  expect(outputFits(expected, actual)).toBe(fits)
})
