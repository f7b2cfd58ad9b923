import { defineConfig } from 'vitest/config'

const condition = 'millrace-source'

export default defineConfig({
  // Tests run on the sources of every package, also where a worker imports one without Vite.
  resolve: { conditions: [condition] },
  ssr: { resolve: { conditions: [condition], externalConditions: [condition] } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'bench/test/**/*.test.ts',
      'scripts/**/*.test.ts',
    ],
    // A process for each file: channels, timers and open stores of one file cannot reach another.
    pool: 'forks',
    isolate: true,
    execArgv: ['--conditions', condition],
    maxWorkers: 2,
    testTimeout: 20_000,
    slowTestThreshold: 1_000,
  },
})
