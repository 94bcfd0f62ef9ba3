/** `/repos/owner/name` in REST addresses, encoded. */
export function repositoryPath(nameWithOwner: string): string {
  return `/repos/${nameWithOwner.split('/').map(encodeURIComponent).join('/')}`
}
