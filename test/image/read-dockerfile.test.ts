import { describe, expect, it } from 'vitest'
import { expand, readDockerfile } from './read-dockerfile.ts'

const stepsOf = (text: string): readonly object[] => readDockerfile(`FROM scratch\n${text}\n`).stages[0]?.steps ?? []

describe('readDockerfile', () => {
  it('gives stages by name, and those without by number', () => {
    const { args, stages } = readDockerfile('ARG V=1\nFROM node:$V AS build\nFROM build\nFROM scratch\n')

    expect(args).toEqual({ V: '1' })
    expect(stages.map(({ name, base }) => [name, base])).toEqual([
      ['build', 'node:$V'],
      ['1', 'build'],
      ['2', 'scratch'],
    ])
  })

  it('leaves comments within a command out of it, and keeps what the shell is to see', () => {
    expect(stepsOf('RUN echo "$A" && \\\n# why\n  echo b')).toEqual([
      { kind: 'run', script: 'echo "$A" && \\\n  echo b', caches: [] },
    ])
  })

  it('reads cache mounts', () => {
    expect(stepsOf('RUN --mount=type=cache,id=store,target=/store \\\n  install')).toEqual([
      { kind: 'run', script: 'install', caches: [{ id: 'store', target: '/store' }] },
    ])
  })

  it('reads copies from the context and from stages', () => {
    expect(stepsOf('COPY a b /there/\nCOPY --from=build --chown=1:2 /x /y')).toEqual([
      { kind: 'copy', from: undefined, owner: undefined, sources: ['a', 'b'], target: '/there/' },
      { kind: 'copy', from: 'build', owner: '1:2', sources: ['/x'], target: '/y' },
    ])
  })

  it('reads what an image says of its containers', () => {
    const text = [
      'ENV A=1 \\\n  B="two words"',
      'LABEL c="${D}"',
      'USER 1:2',
      'EXPOSE 80 81',
      'HEALTHCHECK --interval=1s CMD ["a", "b"]',
      'ENTRYPOINT ["tini", "--"]',
    ]

    expect(stepsOf(text.join('\n'))).toEqual(
      [
        { env: { A: '1', B: 'two words' } },
        { labels: { c: '${D}' } },
        { user: '1:2' },
        { ports: ['80', '81'] },
        { healthcheck: ['a', 'b'] },
        { entrypoint: ['tini', '--'] },
      ].map((change) => ({ kind: 'config', change })),
    )
  })

  it.each([
    ['ADD a b', 'ADD is not understood'],
    ['COPY --link a b', '--link is not understood'],
    ['COPY *.json /', 'patterns are not understood'],
    ['RUN --network=none true', '--network=none is not understood'],
    ['RUN --mount=type=secret,id=x true', '--mount=type=secret,id=x is not understood'],
    ['RUN ["true"]', 'RUN has to be a command line'],
    ['RUN <<EOF\ntrue\nEOF', 'RUN has to be a command line'],
    ['HEALTHCHECK NONE', 'HEALTHCHECK has to be a CMD'],
  ])('refuses %s', (text, problem) => {
    expect(() => stepsOf(text)).toThrow(`Dockerfile line 2: ${problem}`)
  })
})

describe('expand', () => {
  it('replaces variables, and refuses one without a value', () => {
    expect(expand('node:${A}-$B', { A: '1', B: 'x' })).toBe('node:1-x')
    expect(() => expand('${C}', {})).toThrow('${C} has no value here')
  })
})
