/** Whether kustomize takes a resource for something to fetch: a URL or a repository in short form. */
export function isRemote(resource: string): boolean {
  return (
    /^(?:git::|gh:|[a-z][a-z0-9+.-]*:\/\/|git@|github\.com[:/]|[^/@]+@[^/]+:)/iu.test(resource) ||
    resource.includes('?ref=') ||
    resource.includes('.git/') ||
    /^[^./][^/]*\.[^/]+\/.+\/\/.*/u.test(resource)
  )
}
