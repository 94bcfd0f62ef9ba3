/** The rules of `git check-ref-format --branch` (https://git-scm.com/docs/git-check-ref-format), so no request is needed. */
export function isBranchName(name: string): boolean {
  if (name === '' || name === 'HEAD' || name === '@' || name.startsWith('-')) return false
  // oxlint-disable-next-line no-control-regex -- control characters are what the rule is about
  if (/[\u0000-\u0020\u007F~^:?*[\\]|\.\.|@\{/u.test(name) || name.endsWith('.')) return false
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !part.endsWith('.lock'))
}
