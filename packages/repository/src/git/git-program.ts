import { existsSync } from 'node:fs'
import { execa } from 'execa'

/** One run of the git program. */
export interface GitCall {
  readonly args: readonly string[]
  /** Written to standard input, which is empty otherwise. */
  readonly input?: string | Uint8Array
  /** Where it runs; relative paths in `env` start here. Must exist. */
  readonly cwd: string
  /** Added to the few variables that every run gets. */
  readonly env?: Readonly<Record<string, string>>
  /** Settings for this run, passed through the environment: other users of the machine can read arguments. */
  readonly config?: readonly GitSetting[]
  readonly timeoutMs: number
  /** More output ends the run. 20 MB by default. */
  readonly maxOutputBytes?: number
  readonly signal: AbortSignal
}

/** A key of git's configuration and its value. */
export type GitSetting = readonly [key: string, value: string]

/** How a run ended. It never rejects, so that each caller says what an ending means to it. */
export interface GitAnswer {
  /** `failed` is an exit code other than 0; the others ended without one. */
  readonly ending: 'ok' | 'failed' | 'aborted' | 'timed-out' | 'too-much-output' | 'not-installed'
  readonly stdout: Buffer
  readonly stderr: string
}

/**
 * What git may take over from our environment: where programs and temporary files are, the way out of the network and
 * the certificates of private servers. Nothing else, so that no secret of ours reaches a hook or a helper program, and
 * nobody's GIT_* variable changes what a command means.
 */
const PASSED_ON = [
  'PATH',
  'TMPDIR',
  'http_proxy',
  'https_proxy',
  'HTTPS_PROXY',
  'all_proxy',
  'ALL_PROXY',
  'no_proxy',
  'NO_PROXY',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
] as const

const SETTINGS: readonly GitSetting[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.askPass', ''],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  // A header with a token would follow a redirect to any host; git has no setting for redirects on one host only.
  ['http.followRedirects', 'false'],
  ['submodule.recurse', 'false'],
  ['fetch.recurseSubmodules', 'false'],
  ['push.recurseSubmodules', 'no'],
  ['push.gpgSign', 'false'],
  ['gc.auto', '0'],
  ['maintenance.auto', 'false'],
  // What we keep is a copy of what the server has; after a power cut it is made anew.
  ['core.fsync', 'none'],
]

/** More than a run gives that reads some files, each within its limit. */
const MAX_OUTPUT_BYTES = 20_000_000
const FORCE_KILL_AFTER_MS = 2000

/**
 * Runs the git program with nothing of the user's or the machine's configuration, in the C locale, without a terminal.
 * An abort or a timeout ends it together with the programs it started (ssh, git-remote-https). Needs git 2.31 or newer.
 */
export async function runGit(call: GitCall): Promise<GitAnswer> {
  if (call.signal.aborted) return { ending: 'aborted', stdout: Buffer.alloc(0), stderr: '' }
  const result = await execa('git', call.args, {
    cwd: call.cwd,
    env: { ...baseEnvironment(call.cwd), ...settingsEnvironment([...SETTINGS, ...(call.config ?? [])]), ...call.env },
    extendEnv: false,
    ...(call.input === undefined ? { stdin: 'ignore' as const } : { input: call.input }),
    encoding: 'buffer',
    maxBuffer: call.maxOutputBytes ?? MAX_OUTPUT_BYTES,
    timeout: call.timeoutMs,
    cancelSignal: call.signal,
    killDescendants: true,
    forceKillAfterDelay: FORCE_KILL_AFTER_MS,
    reject: false,
  })
  const stdout = Buffer.from(result.stdout.buffer, result.stdout.byteOffset, result.stdout.byteLength)
  const stderr = Buffer.from(result.stderr).toString('utf8')
  if (!result.failed) return { ending: 'ok', stdout, stderr }
  if (result.isCanceled) return { ending: 'aborted', stdout, stderr }
  if (result.timedOut) return { ending: 'timed-out', stdout, stderr }
  if (result.isMaxBuffer) return { ending: 'too-much-output', stdout, stderr }
  // A missing working folder gives the same ENOENT as a missing program.
  if (result.code === 'ENOENT' && existsSync(call.cwd)) return { ending: 'not-installed', stdout, stderr }
  return { ending: 'failed', stdout, stderr: stderr === '' ? (result.originalMessage ?? '') : stderr }
}

function baseEnvironment(home: string): Record<string, string> {
  const inherited = PASSED_ON.flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...Object.fromEntries(inherited),
    HOME: home,
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_OPTIONAL_LOCKS: '0',
  }
}

function settingsEnvironment(settings: readonly GitSetting[]): Record<string, string> {
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ])
  return { ...Object.fromEntries(entries), GIT_CONFIG_COUNT: String(settings.length) }
}
