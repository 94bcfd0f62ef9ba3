/** One line of an exposition. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What `/metrics` shows: samples, and the type of each family. */
export class ShownMetrics {
  readonly types: ReadonlyMap<string, string>
  readonly samples: readonly Sample[]

  constructor(text: string) {
    const lines = text.split('\n')
    this.types = new Map(lines.flatMap((line) => typeIn(line)))
    this.samples = lines.filter((line) => line !== '' && !line.startsWith('#')).map(sampleIn)
  }

  /** Samples of a name whose labels have the given values. */
  of(name: string, labels: Readonly<Record<string, string>> = {}): readonly Sample[] {
    const wanted = Object.entries(labels)
    return this.samples.filter(
      (sample) => sample.name === name && wanted.every(([label, value]) => sample.labels[label] === value),
    )
  }

  /** The sum of the same. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.of(name, labels).reduce((total, { value }) => total + value, 0)
  }

  /** What the samples of a name add up to for each value of a label. */
  by(name: string, label: string): Readonly<Record<string, number>> {
    const sums: Record<string, number> = {}
    for (const { labels, value } of this.of(name)) sums[labels[label] ?? ''] = (sums[labels[label] ?? ''] ?? 0) + value
    return sums
  }
}

/** Reads `/metrics` of an admin server. */
export async function readMetrics(admin: string): Promise<ShownMetrics> {
  return new ShownMetrics(await (await fetch(`${admin}/metrics`)).text())
}

function typeIn(line: string): readonly (readonly [name: string, type: string])[] {
  const [, name, type] = /^# TYPE (\S+) (\S+)$/u.exec(line) ?? []
  return name === undefined || type === undefined ? [] : [[name, type]]
}

function sampleIn(line: string): Sample {
  const [, name = '', labels = '', value = ''] = /^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/iu.exec(line) ?? []
  const pairs = Array.from(labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/gu), ([, label = '', text = '']) => [label, text])
  return { name, labels: Object.fromEntries(pairs) as Record<string, string>, value: Number(value) }
}
