import { describe, expect, it } from 'vitest'
import { aRepository as aRepositoryWith } from '../../../../test/support/a-repository.ts'
import type { Repository } from '../config/config.ts'
import { laneOf, normalisedUrl } from './lane.ts'

function aRepository(location: Repository['location'], branch = 'main'): Repository {
  return aRepositoryWith({ location, branch })
}

const git = (url: string): Repository['location'] => ({ kind: 'git', url })

const github = (owner: string, repository: string, apiUrl = 'https://api.github.com'): Repository['location'] => ({
  kind: 'github',
  owner,
  repository,
  apiUrl,
})

describe('normalisedUrl', () => {
  it.each([
    github('acme', 'fleet'),
    github('Acme', 'Fleet'),
    git('https://github.com/acme/fleet'),
    git('https://github.com/Acme/Fleet.git'),
    git('https://GitHub.com/acme/fleet.git/'),
    git('https://github.com:443/acme//fleet'),
    git('https://bot@github.com/acme/fleet.git'),
    git('ssh://git@github.com/acme/fleet.git'),
    git('ssh://git@github.com:22/acme/fleet.git'),
  ])('gives every spelling of one repository on GitHub one name: %j', (location) => {
    expect(normalisedUrl(location)).toBe('github.com/acme/fleet')
  })

  it.each([
    'https://git.example.com/team/fleet',
    'http://git.example.com:80/team/fleet.git',
    'ssh://git@git.example.com/team/fleet',
    'https://git.example.com/te%61m/fleet/',
  ])('gives every spelling of one repository elsewhere one name: %s', (url) => {
    expect(normalisedUrl(git(url))).toBe('git.example.com/team/fleet')
  })

  it('knows GitHub Enterprise Server by the host of its API', () => {
    const location = github('acme', 'fleet', 'https://github.example.com/api/v3')

    expect(normalisedUrl(location)).toBe('github.example.com/acme/fleet')
  })

  it.each([
    ['another port', 'https://git.example.com:8443/team/fleet'],
    ['another case, where it may matter', 'https://git.example.com/Team/fleet'],
    ['another path', 'https://git.example.com/team/fleet2'],
    ['a name that ends in git', 'https://git.example.com/team/fleetgit'],
  ])('keeps %s apart', (_, url) => {
    expect(normalisedUrl(git(url))).not.toBe('git.example.com/team/fleet')
  })

  it('gives a folder on this machine one name', () => {
    expect(normalisedUrl(git('file:///srv/git/fleet.git'))).toBe(normalisedUrl(git('file:///srv/git/fleet/')))
  })

  it('takes a path with a broken percent-encoding as it stands', () => {
    expect(normalisedUrl(git('https://git.example.com/100%'))).toBe('git.example.com/100%')
  })
})

describe('laneOf', () => {
  it('has one key for one repository spelled differently', () => {
    const one = laneOf(aRepository(github('acme', 'fleet')), 'commit')
    const two = laneOf(aRepository(git('ssh://git@github.com/Acme/fleet.git')), 'commit')

    expect(two.key).toBe(one.key)
    expect(two.slug).toBe(one.slug)
  })

  it('tells branches and deliveries apart', () => {
    const repository = aRepository(github('acme', 'fleet'))
    const lanes = [
      laneOf(repository, 'commit'),
      laneOf(repository, 'observe'),
      laneOf({ ...repository, branch: 'production' }, 'commit'),
    ]

    expect(new Set(lanes.map(({ key }) => key)).size).toBe(3)
    expect(new Set(lanes.map(({ slug }) => slug)).size).toBe(3)
  })

  it.each([
    github('acme', 'fleet'),
    git('file:///tmp/Some Folder/größe.git'),
    git(`https://git.example.com/${'a/'.repeat(100)}fleet`),
    git('https://[2001:db8::1]:8443/fleet'),
  ])('has a slug that is safe in the name of a queue, a log and a metric: %j', (location) => {
    const { slug } = laneOf(aRepository(location, 'release/1.x {tag}'), 'observe')

    expect(slug).toMatch(/^[a-z0-9._-]+$/u)
    expect(slug.length).toBeLessThanOrEqual(67)
  })

  it('has distinct slugs where only the hidden part differs', () => {
    const one = laneOf(aRepository(git('https://git.example.com/a/b')), 'commit')
    const two = laneOf(aRepository(git('https://git.example.com/a-b')), 'commit')

    expect(one.slug).not.toBe(two.slug)
  })
})
