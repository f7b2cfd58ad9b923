import { staleGenerated } from '../docs/generated.ts'
import { allPages, checkPages } from '../docs/pages.ts'
import { nothingToLookAt, type Step } from './step.ts'

export const docsStep: Step = {
  name: 'docs',
  title: 'code blocks compile and run, links lead somewhere, generated pages are up to date',
  async run(root) {
    const { looked, failures, compiled } = await checkPages(root, allPages(root))
    const empty = compiled === 0 ? nothingToLookAt('pages with a block to compile').failures : []
    return { looked, failures: [...empty, ...failures, ...staleGenerated(root)] }
  },
}
