// Says how the tests ended: reads the report that Vitest wrote, names what failed to load or was skipped, and ends with
// `N passed, N failed, N skipped`. Exits 1 unless there were tests, all of them ran, and all of them passed.
// Plain JavaScript for the machine's own Node.
import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    console.log(`no test report: ${error.message}`)
    return { testResults: [] }
  }
}

const { testResults: files, success } = readReport(process.argv[2])
const tests = files.flatMap((file) => file.assertionResults)
const passed = tests.filter(({ status }) => status === 'passed')
const failed = tests.filter(({ status }) => status === 'failed')
// skipped, pending, todo, disabled: whatever a runner calls a test that did not run
const skipped = tests.filter(({ status }) => status !== 'passed' && status !== 'failed')
// a file that fails outside its tests (an import, a hook) has none that failed, and is a failure all the same
const broken = files.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
)

for (const { name, message } of broken) console.log(`failed to run: ${relative('.', name)}: ${message ?? ''}`)
for (const { fullName } of skipped) console.log(`skipped: ${fullName}`)
console.log(`${passed.length} passed, ${failed.length + broken.length} failed, ${skipped.length} skipped`)
process.exit(success === true && passed.length > 0 && skipped.length === 0 && broken.length === 0 ? 0 : 1)
