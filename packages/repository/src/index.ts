export { openGitHubRepository, type GitHubAuth, type GitHubRepositoryOptions } from './github/github-repository.ts'
export type { GitAuth } from './git/git-credentials.ts'
export { openGitRepository, type GitRepositoryOptions } from './git/git-repository.ts'
export { openRepository, type OpenRepositoryOptions } from './open-repository.ts'
