/**
 * Whether a path is one that Git itself would check out: relative, without `.`, `..`, `.git` or nothing between its
 * slashes. Others can be written into a tree by hand, to trick whoever follows them.
 */
export function isTreePath(path: string): boolean {
  return !/(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)|\0/iu.test(path)
}
