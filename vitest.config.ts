import { defineConfig } from 'vitest/config'

// Workspace packages are tested as sources; without this condition vitest would load stale compiled output.
const conditions = ['saker-source', 'node', 'import', 'module', 'default']

// Where set, the counts are written there for a machine too; .ci/run reads them.
const report = process.env.SAKER_TEST_REPORT

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    globalSetup: ['test/report-what-is-missing.ts'],
    pool: 'forks',
    // Most tests wait for processes, Redis or a network; more of them than cores keep the cores busy.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...(report === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: report } }),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts'],
          // Loading what a file tests takes longer than testing it, so what one file has loaded serves the next.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'system', include: ['test/**/*.test.ts'] } },
    ],
  },
})
