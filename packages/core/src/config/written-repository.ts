import { z } from 'zod'
import { DELIVERIES } from '../response/response.ts'
import { mustBe, Name, Namespace, RepositoryPath, SecretRef, Text } from './written-text.ts'

/** How a change reaches the branch. */
export const WrittenDelivery = z.enum(DELIVERIES, mustBe('must be commit, pull-request or observe')).meta({
  id: 'Delivery',
  description:
    '`commit` writes to the branch; `pull-request` proposes the change; `observe` does everything but the write and shows the diff in the outcome.',
})

const Notification = z
  .strictObject({
    urlFrom: SecretRef.meta({ description: 'The address to call; a secret, because whoever knows it may call it.' }),
    hmacFrom: SecretRef.optional().meta({ description: 'The key, for a Flux Receiver of type `generic-hmac`.' }),
  })
  .meta({ id: 'Notification', description: 'A receiver to call.' })

const Pin = z
  .strictObject({
    namespace: Namespace.meta({ description: 'Namespace of the workload.' }),
    kind: z
      .string()
      .regex(/^[A-Z][A-Za-z0-9]{0,62}$/u, 'must be a kind, such as Deployment')
      .meta({ description: 'Kind of the workload.', examples: ['StatefulSet'] }),
    name: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/u, 'must be the name of a Kubernetes object')
      .meta({ description: 'Name of the workload.' }),
    file: RepositoryPath.meta({ description: 'The file that declares it.' }),
  })
  .meta({ id: 'Pin', description: 'A workload, and the file that declares it.' })

const ClusterPlace = {
  paths: z.array(RepositoryPath).min(1).optional().meta({
    description:
      'Where the manifests of the cluster lie: folders or files, built as the controller builds them. Left out: the whole repository.',
  }),
  file: RepositoryPath.optional().meta({
    description: 'Everything of the cluster is declared in this one file. It says where, never whom.',
  }),
  pins: z
    .array(Pin)
    .optional()
    .meta({ description: 'Where workloads are declared that Saker cannot find by itself.', default: [] }),
  notify: z.array(Notification).optional().meta({
    description: 'What is called once after each commit, so that the controller does not wait for its interval.',
    default: [],
  }),
}

const GitHubName = z.string().regex(/^[A-Za-z0-9._-]+$/u, 'must be a name on GitHub: letters, digits, "-", "_" and "."')

const HttpUrl = Text.regex(/^[Hh][Tt][Tt][Pp][Ss]?:\/\/[^\s]+$/u, 'must be an http or https URL').refine(
  (url) => URL.canParse(url),
  'must be an http or https URL',
)

const GIT_URL = 'must be an https://, ssh:// or file:// URL without a password in it'

const GitUrl = Text.regex(/^(?:https?|ssh|file):\/\/(?![^/]*:[^/]*@)./u, GIT_URL).refine(
  (url) => URL.parse(url)?.password === '',
  GIT_URL,
)

const AppId = z.union([z.int().min(1), Text], mustBe('must be a number or text'))

const Auth = z
  .strictObject({
    tokenFrom: SecretRef.optional().meta({ description: 'A token: GitHub’s, or the password for https.' }),
    username: Text.optional().meta({
      description: 'The user that goes with the token over https. Left out: the URL’s, else `x-access-token`.',
    }),
    app: z
      .strictObject({
        id: AppId.meta({ description: 'The app’s id, or its client id.' }),
        installationId: AppId.meta({ description: 'The id of its installation in the organisation.' }),
        privateKeyFrom: SecretRef.meta({ description: 'Its private key, as PEM.' }),
      })
      .optional()
      .meta({ description: 'A GitHub App instead of a token.' }),
    ssh: z
      .strictObject({
        keyFrom: SecretRef.meta({ description: 'A private key.' }),
        knownHosts: Text.meta({
          description: 'The `known_hosts` lines that the server must match, or the path of a file of them.',
        }),
      })
      .optional()
      .meta({ description: 'For an `ssh://` URL.' }),
  })
  .meta({ description: 'How Saker proves itself: one of `tokenFrom`, `app` and `ssh`.' })

const PullRequest = z
  .strictObject({
    labels: z
      .array(Text.max(50, 'must have at most 50 characters'))
      .optional()
      .meta({ description: 'Labels of the pull request.', default: ['saker'] }),
    autoMerge: z
      .union([z.literal(false), z.enum(['merge', 'squash', 'rebase'])], {
        error: 'must be false, merge, squash or rebase',
      })
      .optional()
      .meta({ description: 'By which method the host merges it as soon as its checks pass.', default: false }),
    branchPrefix: Text.optional().meta({
      description: 'What the names of Saker’s branches begin with.',
      default: 'saker/',
    }),
    draft: z.boolean().optional().meta({ description: 'Whether it is opened as a draft.', default: false }),
  })
  .meta({ description: 'How pull requests look, where they are the delivery.' })

/** One repository as written. */
export const WrittenRepository = z
  .strictObject({
    github: z
      .strictObject({
        owner: GitHubName.meta({ description: 'The user or organisation that owns it.' }),
        repository: GitHubName.meta({ description: 'Its name.' }),
        apiUrl: HttpUrl.optional().meta({
          description: 'For GitHub Enterprise, such as `https://github.example.com/api/v3`.',
          default: 'https://api.github.com',
        }),
      })
      .optional()
      .meta({ description: 'A repository on GitHub or GitHub Enterprise.' }),
    git: z
      .strictObject({
        url: GitUrl.meta({ description: '`https://`, `ssh://` or `file://`, without a password in it.' }),
      })
      .optional()
      .meta({ description: 'A repository on any other server.' }),
    auth: Auth.optional(),
    branch: Text.default('main').meta({ description: 'The branch that the cluster’s controller applies.' }),
    delivery: WrittenDelivery,
    pullRequest: PullRequest.optional(),
    clusters: z
      .record(
        Name,
        z.strictObject(ClusterPlace).meta({ id: 'Cluster', description: 'What is declared for one cluster.' }),
      )
      .refine((all) => Object.keys(all).length > 0, 'must name at least one cluster')
      .optional()
      .meta({
        description:
          'What is declared here, by cluster. `paths`, `file`, `pins` and `notify` right under the repository are short for `clusters.default`.',
        minProperties: 1,
      }),
    ...ClusterPlace,
  })
  .meta({
    id: 'Repository',
    description: 'A repository that Saker reads and writes: exactly one of `github` and `git`.',
    oneOf: [{ required: ['github'] }, { required: ['git'] }],
  })

/** See the schema of the same name. */
export type WrittenRepository = z.infer<typeof WrittenRepository>
