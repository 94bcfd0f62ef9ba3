export { SakerProcess, type LogLine, type SakerStart } from './saker-process.ts'
export { cloudEventHeaders, TUTORIAL_ALERT } from './tutorial-alert.ts'
