import { parseConfig, ResponseError, type Config } from '@saker/core'
import { describeFault } from '@saker/service'
import { environmentNameOf, type ServiceFlags } from './flags.ts'

/** Where the values of the secret flags stand for the rest of the program, which knows secrets only by reference. */
const TOKEN_VARIABLE = environmentNameOf('--github-token')
const NOTIFY_VARIABLE = environmentNameOf('--notify-url')

/** The config that the drop-in flags of `saker up` are short for, and the environment in which its secrets stand. */
export interface DropIn {
  readonly config: Config
  readonly secrets: Readonly<Record<string, string | undefined>>
}

/** Flags that only mean something without a config file. */
const DROP_IN = ['owner', 'repository', 'file', 'ref', 'githubToken', 'notifyUrl', 'githubApiUrl'] as const

/** The flags that stand for a config file. */
export type DropInFlags = Pick<ServiceFlags, (typeof DROP_IN)[number]>

/** Which drop-in flags are given, for telling that they do not go with a config file. */
export function dropInFlagsOf(flags: DropInFlags): readonly string[] {
  return DROP_IN.filter((name) => flags[name] !== undefined).map(flagOf)
}

/**
 * Builds the config of the falco-event-listener tutorial from its flags: one repository, one cluster, and one response
 * that contains the workload in which `Terminal shell in container` fired.
 * https://falco.org/blog/falcosidekick-response-engine-part-8-fluxv2/
 *
 * Ends in `CONFIG_INVALID` naming every flag that is missing or wrong.
 */
export function dropInConfig(
  flags: DropInFlags,
  options: { readonly env: NodeJS.ProcessEnv; readonly ownNamespace?: string },
): DropIn {
  const token = flags.githubToken ?? options.env['GITHUB_TOKEN']
  const missing = [
    flags.owner === undefined ? '--owner' : '',
    flags.repository === undefined ? '--repository' : '',
    (token ?? '') === '' ? 'GITHUB_TOKEN in the environment (or --github-token)' : '',
  ].filter((what) => what !== '')
  if (missing.length > 0)
    throw new ResponseError('CONFIG_INVALID', `without --config, saker also needs ${missing.join(', ')}`)
  if (flags.notifyUrl !== undefined && !/^https?:$/u.test(URL.parse(flags.notifyUrl)?.protocol ?? '')) {
    throw new ResponseError('CONFIG_INVALID', '--notify-url must be an http or https URL')
  }
  const parsed = parseConfig(
    {
      version: 1,
      repositories: {
        [repositoryName(flags.repository ?? '')]: {
          github: {
            owner: flags.owner,
            repository: flags.repository,
            ...(flags.githubApiUrl === undefined ? {} : { apiUrl: flags.githubApiUrl }),
          },
          auth: { tokenFrom: { env: TOKEN_VARIABLE } },
          branch: flags.ref ?? 'main',
          delivery: 'commit',
          ...(flags.file === undefined ? {} : { file: flags.file }),
          ...(flags.notifyUrl === undefined ? {} : { notify: [{ urlFrom: { env: NOTIFY_VARIABLE } }] }),
        },
      },
      responses: [
        { name: 'contain', match: { alertRules: ['Terminal shell in container'] }, actions: [{ contain: {} }] },
      ],
    },
    options,
  )
  if ('faults' in parsed)
    throw new ResponseError(
      'CONFIG_INVALID',
      `the flags are invalid:\n  ${parsed.faults.map(describeFault).join('\n  ')}`,
    )
  return {
    config: parsed.config,
    secrets: { ...options.env, [TOKEN_VARIABLE]: token, [NOTIFY_VARIABLE]: flags.notifyUrl },
  }
}

/** A GitHub name as a name of the config: those may hold upper case and underscores, these may not. */
function repositoryName(name: string): string {
  return (
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9.-]+/gu, '-')
      .replaceAll(/^[.-]+|[.-]+$/gu, '') || 'repository'
  )
}

/** `githubApiUrl` is `--github-api-url` on the command line. */
function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`)}`
}
