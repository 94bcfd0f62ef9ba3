import { composeCommitMessage, parseConfig, parseUndoneIds, type ChangedPlace, type Config } from '@saker/core'
import { describe, expect, it } from 'vitest'
import { MemoryHost } from '../../../../test/support/memory-host.ts'
import { readPastResponses } from './read-responses.ts'
import { undo, type UndoDependencies, type UndoOutcome, type UndoRequest } from './undo.ts'

const { signal } = new AbortController()

const web = (replicas: number | undefined, name = 'web'): string => `# ${name}
kind: Deployment
apiVersion: apps/v1
metadata: {name: ${name}, namespace: default}
spec:
${replicas === undefined ? '' : `  replicas: ${replicas} # three zones\n`}  selector: {}
`

const placeOf = (name: string, pointer = '/spec/replicas', path = `${name}.yaml`): ChangedPlace => ({
  path,
  document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name },
  pointer,
})

/** The message of a commit that has carried these responses out. */
function message(...responses: readonly { id: string; name?: string; places?: readonly ChangedPlace[] }[]): string {
  return composeCommitMessage(
    responses.map(({ id, name = 'web', places = [placeOf(name)] }) => ({
      id,
      response: 'contain',
      workload: { cluster: 'prod', namespace: 'default', kind: 'Deployment', name },
      actions: ['contain'],
      places,
      alertRule: 'a rule',
      priority: 'Notice',
      time: '2026-01-01T00:00:00Z',
      count: 1,
      fields: [],
    })),
  )
}

function configOf(): Config {
  const parsed = parseConfig({
    version: 1,
    repositories: { fleet: { git: { url: 'file:///fleet' }, delivery: 'commit' } },
    responses: [{ name: 'contain', match: {}, actions: [{ contain: {} }] }],
  })
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults))
  return parsed.config
}

/** A branch on which `r1` has stopped `web`. */
function contained(files: Record<string, string> = {}): MemoryHost {
  const host = new MemoryHost({ 'web.yaml': web(3), ...files })
  host.add(message({ id: 'r1' }), { 'web.yaml': web(0) })
  return host
}

function run(
  host: MemoryHost,
  request: Partial<UndoRequest> = {},
  deps: Partial<UndoDependencies> = {},
): Promise<UndoOutcome> {
  return undo(
    { id: 'r1', all: false, dryRun: false, signal, ...request },
    { host, config: configOf(), wait: async () => {}, random: () => 0.5, onProgress: () => undefined, ...deps },
  )
}

async function statesOf(host: MemoryHost): Promise<Record<string, string>> {
  const found = await readPastResponses(host, { limit: 100, signal, onProgress: () => undefined })
  return Object.fromEntries(found.map(({ entry, state }) => [entry.line.id, state]))
}

describe('undo', () => {
  it('gives the very first bytes back, and says who wanted it and why', async () => {
    const host = contained()

    const outcome = await run(host, { as: 'zoe', reason: 'false alarm' })

    expect(outcome).toMatchObject({ kind: 'undone', commit: { sha: host.tip.sha } })
    expect(host.tip.files).toEqual({ 'web.yaml': web(3) })
    expect(host.tip.message).toMatch(/^undo contain default\/Deployment\/web\n[^]*by: +zoe\n +reason: false alarm\n/u)
    expect(parseUndoneIds(host.tip.message)).toEqual(['r1'])
    expect(await statesOf(host)).toEqual({ r1: 'undone' })
  })

  it('takes a field away that was not there before', async () => {
    const host = new MemoryHost({ 'web.yaml': web(undefined) })
    host.add(message({ id: 'r1' }), { 'web.yaml': web(undefined).replace('spec:\n', 'spec:\n  replicas: 0\n') })

    await run(host)

    expect(host.tip.files['web.yaml']).toBe(web(undefined))
  })

  it('keeps what others have changed in the same file since', async () => {
    const host = contained()
    host.add('a label', { 'web.yaml': web(0).replace('selector: {}', 'selector: {a: b}') })

    await run(host)

    expect(host.tip.files['web.yaml']).toBe(web(3).replace('selector: {}', 'selector: {a: b}'))
  })

  it('takes back one response of a commit of twelve', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `app${at}`)
    const all = (replicas: number): string => names.map((name) => web(replicas, name)).join('---\n')
    const host = new MemoryHost({ 'all.yaml': all(3) })
    const responses = names.map((name) => ({ id: `id-${name}`, name, places: [placeOf(name, undefined, 'all.yaml')] }))
    host.add(message(...responses), { 'all.yaml': all(0) })

    await run(host, { id: 'id-app7' })

    const expected = names.map((name) => web(name === 'app7' ? 3 : 0, name)).join('---\n')
    expect(host.tip.files['all.yaml']).toBe(expected)
    expect(await statesOf(host)).toMatchObject({ 'id-app7': 'undone', 'id-app6': 'done' })
  })

  it('removes files that were added, and brings back those that were taken out', async () => {
    const place = placeOf('web', '', 'web.yaml')
    const policy = { ...placeOf('deny', '', 'deny.yaml') }
    const host = new MemoryHost({ 'web.yaml': web(3) })
    host.add(message({ id: 'r1', places: [place, policy] }), { 'deny.yaml': web(1, 'deny') })
    delete host.tip.files['web.yaml']

    await run(host)

    expect(host.tip.files).toEqual({ 'web.yaml': web(3) })
  })

  it('refuses what somebody has changed since, names them, and touches nothing', async () => {
    const host = contained()
    host.add('something else', { 'other.yaml': '' })
    host.add('give web five', { 'web.yaml': web(5) })
    host.add('another thing', { 'other.yaml': 'a: 1\n' })

    await expect(run(host)).rejects.toMatchObject({
      code: 'UNDO_CONFLICT',
      message: expect.stringMatching(
        /web\.yaml: \/spec\/replicas of Deployment web is 5 now, changed by A Person on 1970-01-01T00:00:00.000Z in sha-3 \("give web five"\)/u,
      ),
    })
    expect(host.history).toHaveLength(5)
    expect(await statesOf(host)).toEqual({ r1: 'changedSince' })
  })

  it('names a document without a name by its kind', async () => {
    const overlay = (count: number): string =>
      `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nreplicas:\n  - name: web\n    count: ${count}\n`
    const document = { apiVersion: 'kustomize.config.k8s.io/v1beta1', kind: 'Kustomization', namespace: '', name: '' }
    const place = { path: 'kustomization.yaml', document, pointer: '/replicas/[name=web]/count' }
    const host = new MemoryHost({ 'kustomization.yaml': overlay(3) })
    host.add(message({ id: 'r1', places: [place] }), { 'kustomization.yaml': overlay(0) })
    host.add('give web five', { 'kustomization.yaml': overlay(5) })

    await expect(run(host)).rejects.toMatchObject({
      message: expect.stringContaining('/replicas/[name=web]/count of Kustomization is 5 now'),
    })
  })

  it('takes nothing of a response back when one of its places was changed', async () => {
    const host = new MemoryHost({ 'web.yaml': web(3), 'api.yaml': web(3, 'api') })
    host.add(message({ id: 'r1', places: [placeOf('web'), placeOf('api')] }), {
      'web.yaml': web(0),
      'api.yaml': web(0, 'api'),
    })
    host.add('give api one', { 'api.yaml': web(1, 'api') })

    await expect(run(host)).rejects.toMatchObject({ code: 'UNDO_CONFLICT' })
    expect(host.tip.files['web.yaml']).toBe(web(0))
  })

  it('is content when it was undone before, or by a person', async () => {
    const host = contained()
    await run(host)
    const again = await run(host)
    const byHand = contained()
    byHand.add('start web', { 'web.yaml': web(3) })

    expect(again).toMatchObject({ kind: 'already', entry: { undoneBy: { sha: 'sha-2' } } })
    expect(await run(byHand)).toMatchObject({ kind: 'already' })
    expect([host.history.length, byHand.history.length]).toEqual([3, 3])
    expect(await statesOf(byHand)).toEqual({ r1: 'reverted' })
  })

  it('takes back again what came back because the undo was reverted', async () => {
    const host = contained()
    await run(host)
    host.add('Revert "undo"\n\nThis reverts commit sha-2.\n'.replace('sha-2', 'abcdef1234'), { 'web.yaml': web(0) })
    const undoCommit = host.history[2]
    if (undoCommit !== undefined) host.history[2] = { ...undoCommit, sha: 'abcdef1234567' }

    expect(await run(host)).toMatchObject({ kind: 'undone' })
    expect(host.tip.files['web.yaml']).toBe(web(3))
  })

  it.each([
    ['made with it', (host: MemoryHost) => host.add(message({ id: 'r1' }, { id: 'r2' }), { 'web.yaml': web(0) })],
    [
      'made since',
      (host: MemoryHost) => {
        host.add(message({ id: 'r1' }), { 'web.yaml': web(0) })
        host.add('start web', { 'web.yaml': web(3) })
        host.add(message({ id: 'r2' }), { 'web.yaml': web(0) })
      },
    ],
  ])('refuses while another response wants the same, %s, and takes all back when told to', async (_, make) => {
    const host = new MemoryHost({ 'web.yaml': web(3) })
    make(host)

    await expect(run(host)).rejects.toMatchObject({ code: 'UNDO_SHARED', message: expect.stringContaining('r2') })
    expect(host.tip.files['web.yaml']).toBe(web(0))
    const outcome = await run(host, { all: true })

    expect(outcome).toMatchObject({ kind: 'undone' })
    expect(host.tip.files['web.yaml']).toBe(web(3))
    expect(new Set(parseUndoneIds(host.tip.message))).toEqual(new Set(['r1', 'r2']))
    expect(await run(host, { id: 'r2' })).toMatchObject({ kind: 'already' })
  })

  it('writes nothing in a dry run', async () => {
    const host = contained()

    const outcome = await run(host, { dryRun: true })

    expect(outcome).toMatchObject({ kind: 'planned', edits: [{ path: 'web.yaml', before: web(0), after: web(3) }] })
    expect(host.history).toHaveLength(2)
  })

  it('plans anew when somebody was faster, and when its answer was lost', async () => {
    const host = contained()
    const foreign = web(0).replace('selector: {}', 'selector: {a: b}')
    host.faults.push({ code: 'BRANCH_MOVED', foreign: { 'web.yaml': foreign } })
    const lost = contained()
    lost.faults.push({ code: 'COMMIT_UNCONFIRMED', landed: true })

    await run(host)
    const found = await run(lost)

    expect(host.tip.files['web.yaml']).toBe(web(3).replace('selector: {}', 'selector: {a: b}'))
    expect(found).toMatchObject({ kind: 'already', entry: { undoneBy: { sha: 'sha-2' } } })
    expect(lost.history).toHaveLength(3)
  })

  it('does not take a place for restored that its commit does not have', async () => {
    const host = new MemoryHost({ 'web.yaml': web(3) })
    host.add(message({ id: 'r1', places: [placeOf('other', undefined, 'web.yaml')] }), { 'web.yaml': web(0) })

    await expect(run(host)).rejects.toMatchObject({ code: 'UNDO_UNREADABLE' })
    expect(await statesOf(host)).toEqual({ r1: 'unknown' })
  })

  it('knows no response that the branch does not', async () => {
    expect(await run(contained(), { id: 'r9' })).toEqual({ kind: 'unknown' })
  })

  it('finds what lies many pages back, and no more than it needs', async () => {
    const host = contained()
    for (let n = 0; n < 350; n += 1) host.add(`commit ${n}`, { 'other.yaml': `n: ${n}\n` })
    const progress: number[] = []

    await run(host, {}, { onProgress: (commits) => progress.push(commits) })

    expect(progress).toEqual([100, 200, 300, 352])
    expect(host.tip.files['web.yaml']).toBe(web(3))
  })

  it('reads the line from a squash merge that quotes it', async () => {
    const host = new MemoryHost({ 'web.yaml': web(3) })
    const quoted = message({ id: 'r1' }).replaceAll(/^/gmu, '  > ')
    host.add(`Saker’s proposals (#12)\n\n* contain\n\n${quoted}`, { 'web.yaml': web(0), 'other.yaml': 'x: 1\n' })

    await run(host)

    expect(host.tip.files).toEqual({ 'web.yaml': web(3), 'other.yaml': 'x: 1\n' })
  })
})

describe('readPastResponses', () => {
  it('gives the newest first, as many as are wanted, and none that are older', async () => {
    const host = new MemoryHost({ 'web.yaml': web(3), 'api.yaml': web(3, 'api') })
    host.now = 1000
    host.add(message({ id: 'r1' }), { 'web.yaml': web(0) })
    host.now = 2000
    host.add(message({ id: 'r2', name: 'api' }), { 'api.yaml': web(0, 'api') })
    const read = async (query: { limit: number; since?: number }): Promise<readonly string[]> =>
      (await readPastResponses(host, { ...query, signal, onProgress: () => undefined })).map(
        ({ entry }) => entry.line.id,
      )

    expect(await read({ limit: 10 })).toEqual(['r2', 'r1'])
    expect(await read({ limit: 1 })).toEqual(['r2'])
    expect(await read({ limit: 10, since: 1500 })).toEqual(['r2'])
  })
})
