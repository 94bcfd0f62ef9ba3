import { describe, expect, it } from 'vitest'
import { dropInConfig } from './drop-in-config.ts'
import { dropUnsetEnvironment, environmentNameOf, type ServiceFlags } from './flags.ts'

const DEFAULTS: ServiceFlags = {
  listen: '0.0.0.0:8080',
  adminListen: '127.0.0.1:8081',
  dataDir: './.saker',
  logLevel: 'info',
  dryRun: false,
  allowAnonymous: false,
  allowVolatile: false,
}

describe('dropInConfig', () => {
  it('is short for one repository, one cluster and one response', () => {
    const flags = {
      ...DEFAULTS,
      owner: 'Developer-Guy',
      repository: 'Desired_State',
      file: 'alpine.yaml',
      githubToken: 't',
      notifyUrl: 'http://flux/hook',
    }

    const { config, secrets } = dropInConfig(flags, { env: {} })

    expect(config.repositories).toEqual([
      {
        name: 'desired-state',
        location: {
          kind: 'github',
          owner: 'Developer-Guy',
          repository: 'Desired_State',
          apiUrl: 'https://api.github.com',
        },
        auth: { kind: 'token', tokenFrom: { env: 'SAKER_GITHUB_TOKEN' } },
        branch: 'main',
        delivery: 'commit',
        pullRequest: { labels: ['saker'], autoMerge: false, branchPrefix: 'saker/', draft: false },
        clusters: [
          {
            name: 'default',
            paths: [''],
            file: 'alpine.yaml',
            pins: [],
            notify: [{ urlFrom: { env: 'SAKER_NOTIFY_URL' } }],
          },
        ],
      },
    ])
    expect(config.responses).toEqual([
      {
        name: 'contain',
        match: { alertRules: ['Terminal shell in container'] },
        actions: [{ action: 'contain' }],
        continue: false,
      },
    ])
    expect(secrets).toMatchObject({ SAKER_GITHUB_TOKEN: 't', SAKER_NOTIFY_URL: 'http://flux/hook' })
  })

  it('takes the token from GITHUB_TOKEN', () => {
    const { secrets } = dropInConfig(
      { ...DEFAULTS, owner: 'o', repository: 'r' },
      { env: { GITHUB_TOKEN: 'from-env' } },
    )

    expect(secrets['SAKER_GITHUB_TOKEN']).toBe('from-env')
  })

  it('names every flag that is missing', () => {
    expect(() => dropInConfig(DEFAULTS, { env: {} })).toThrow(/--owner, --repository, GITHUB_TOKEN/u)
  })

  it('says what is wrong with a flag without repeating its value', () => {
    const flags = { ...DEFAULTS, owner: 'o', repository: 'r', file: '../../etc/passwd', githubToken: 't' }

    expect(() => dropInConfig(flags, { env: {} })).toThrow(/file: must be a path inside the repository/u)
  })
})

describe('dropUnsetEnvironment', () => {
  it('takes empty variables and switched-off switches for unset', () => {
    const env = {
      SAKER_CONFIG: '',
      SAKER_DRY_RUN: 'false',
      SAKER_ALLOW_ANONYMOUS: '0',
      SAKER_ALLOW_VOLATILE: 'true',
      SAKER_OWNER: 'false',
    }

    dropUnsetEnvironment(env)

    expect(env).toEqual({ SAKER_ALLOW_VOLATILE: 'true', SAKER_OWNER: 'false' })
  })
})

describe('environmentNameOf', () => {
  it('is the flag in capitals behind SAKER_', () => {
    expect(environmentNameOf('--admin-listen')).toBe('SAKER_ADMIN_LISTEN')
  })
})
