import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPlaces, formatResponseLine, parsePlace, parseResponseLines } from './response-line.ts'
import '../../../../test/support/fixed-seed.ts'

const place = {
  path: 'apps/web.yaml',
  document: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'web' },
  pointer: '/spec/replicas',
}

const line = {
  id: '01k5c2m3n4p5q6r7st',
  response: 'contain-shells',
  workload: { cluster: 'prod', namespace: 'default', kind: 'Deployment', name: 'web' },
  places: [place],
}

const PLACE = 'apps/web.yaml#apps/v1/Deployment/default/web:/spec/replicas'
const WRITTEN = `Saker-Response: 01k5c2m3n4p5q6r7st contain-shells prod/default/Deployment/web ${PLACE} until=-`
const PARSED = { ...line, places: [PLACE] }

describe('formatResponseLine', () => {
  it('tells the whole response on one line', () => {
    expect(formatResponseLine(line)).toBe(WRITTEN)
  })

  it('leaves the namespace empty where the manifest has none', () => {
    const places = [{ ...place, document: { ...place.document, namespace: '' } }]

    expect(formatResponseLine({ ...line, places })).toContain('#apps/v1/Deployment//web:/spec/replicas ')
  })

  it('encodes the separators of the line where they are part of a name', () => {
    const odd = { ...place, path: 'apps/a b,c#d:e%.yaml', pointer: '/metadata/annotations/a~1b c' }

    const written = formatResponseLine({ ...line, places: [place, odd] })

    expect(written.split(' ')[4]).toBe(
      `${PLACE},apps/a%20b%2Cc%23d%3Ae%25.yaml#apps/v1/Deployment/default/web:/metadata/annotations/a~1b%20c`,
    )
  })

  it('says until when', () => {
    expect(formatResponseLine({ ...line, until: '2026-05-25T17:44:05Z' })).toMatch(/ until=2026-05-25T17:44:05Z$/u)
  })
})

describe('parseResponseLines', () => {
  it.each([
    ['alone', WRITTEN],
    ['as a trailer', `contain web\n\nprose\n\n${WRITTEN}\nSigned-off-by: A <a@b>`],
    ['indented', `    ${WRITTEN}`],
    ['quoted', `> > ${WRITTEN}`],
    ['in a list, as GitHub squashes', `Pull request (12)\n\n* contain web\n\n* ${WRITTEN}`],
    ['with Windows line ends', `a\r\n\r\n${WRITTEN}\r\n`],
    ['as code', `\`${WRITTEN}\``],
    ['in a block of code', `\`\`\`\n${WRITTEN}\n\`\`\``],
    ['in HTML', `<p>${WRITTEN}</p>`],
    ['in bold', `**${WRITTEN}**`],
  ])('finds a line that stands %s', (_, message) => {
    expect(parseResponseLines(message)).toEqual([PARSED])
  })

  it('finds several lines, in their order', () => {
    const second = WRITTEN.replace('01k5c2m3n4p5q6r7st', '01k5c2m3n4p5q6r7su')

    expect(parseResponseLines(`${WRITTEN}\n${second}`).map(({ id }) => id)).toEqual([
      '01k5c2m3n4p5q6r7st',
      '01k5c2m3n4p5q6r7su',
    ])
  })

  it.each([
    ['no line', 'contain web\n\nprose'],
    ['the key alone', 'Saker-Response:'],
    ['a line without an end', WRITTEN.replace(' until=-', '')],
    ['a target with too few parts', WRITTEN.replace('prod/default/', 'prod/')],
    ['a line that was broken in two', WRITTEN.replace(' contain-shells ', '\ncontain-shells ')],
  ])('passes over %s', (_, message) => {
    expect(parseResponseLines(message)).toEqual([])
  })

  it('takes a part that is not validly encoded as it stands', () => {
    expect(parseResponseLines(WRITTEN.replace('contain-shells', '100%'))).toMatchObject([{ response: '100%' }])
  })

  it('reads back whatever was written, also after a squash merge', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    const workload = fc.record({ cluster: part, namespace: part, kind: part, name: part })
    const document = fc.record({ apiVersion: part, kind: part, namespace: fc.string({ unit: 'grapheme' }), name: part })
    const places = fc.array(fc.record({ path: part, document, pointer: part }), { minLength: 1, maxLength: 3 })
    // a lone "-" is how "never" is written
    const until = part.filter((text) => text !== '-')
    fc.assert(
      fc.property(fc.record({ id: part, response: part, workload, places, until }), (written) => {
        const text = formatResponseLine(written)

        for (const message of [text, `a\n\n    ${text}\nb`, `> ${text}`]) {
          const [read, ...more] = parseResponseLines(message)

          expect(more).toEqual([])
          expect(read).toMatchObject({ ...written, places: expect.any(Array) })
          expect(read?.places).toHaveLength(written.places.length)
        }
      }),
    )
  })
})

describe('parsePlace', () => {
  it('takes apart what a line says', () => {
    expect(parsePlace(PLACE)).toEqual(place)
  })

  it('reads back whatever was written', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
    const document = fc.record({ apiVersion: part, kind: part, namespace: fc.string({ unit: 'grapheme' }), name: part })
    fc.assert(
      fc.property(fc.record({ path: part, document, pointer: fc.string({ unit: 'grapheme' }) }), (written) => {
        expect(formatPlaces([written]).map(parsePlace)).toEqual([written])
      }),
    )
  })

  it.each(['', 'a.yaml', 'a.yaml#Deployment:/x', '#v1/Pod/a/b:/x'])('refuses %j', (written) => {
    expect(parsePlace(written)).toBeUndefined()
  })
})
