/**
 * The commits that a message says it reverts, in the words that `git revert` writes, each as it stands there: it may be cut
 * off. Lines of the ledger in such a message are quotes of what is reverted.
 *
 * @see https://git-scm.com/docs/git-revert
 */
export function parseReverted(message: string): readonly string[] {
  return Array.from(message.matchAll(/\bThis reverts commit ([0-9a-f]{7,64})\b/gu), ([, sha = '']) => sha)
}
