import {
  DockerfileParser,
  type Copy,
  type From,
  type Healthcheck,
  type Instruction as Parsed,
  type JSONInstruction,
  type PropertyInstruction,
} from 'dockerfile-ast'

/** A folder that is kept from one build to the next, and mounted while a command runs. */
interface CacheMount {
  readonly id: string
  readonly target: string
}

/** What is said about a container of the image, as an image's config has it. */
export interface ImageConfig {
  readonly user: string
  readonly env: Readonly<Record<string, string>>
  readonly workdir: string
  readonly entrypoint: readonly string[]
  readonly cmd: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly volumes: readonly string[]
  readonly healthcheck: readonly string[]
}

/** What one instruction does. */
export type Step =
  | { readonly kind: 'run'; readonly script: string; readonly caches: readonly CacheMount[] }
  | {
      readonly kind: 'copy'
      readonly from: string | undefined
      readonly owner: string | undefined
      readonly sources: readonly string[]
      readonly target: string
    }
  | { readonly kind: 'arg'; readonly name: string; readonly value: string | undefined }
  | { readonly kind: 'config'; readonly change: Partial<ImageConfig> }

/** A stage: the image or stage that it begins with, and its steps. Variables are not expanded. */
export interface Stage {
  readonly name: string
  readonly base: string
  readonly steps: readonly Step[]
}

/** A Dockerfile as this project writes them. */
export interface DockerfileStages {
  /** Defaults of the ARGs before the first FROM. */
  readonly args: Readonly<Record<string, string>>
  readonly stages: readonly Stage[]
}

/** Reads a Dockerfile. Throws for whatever a build of ours would do otherwise than a container engine does. */
export function readDockerfile(text: string): DockerfileStages {
  const args: Record<string, string> = {}
  const stages: (Stage & { readonly steps: Step[] })[] = []
  for (const instruction of DockerfileParser.parse(text).getInstructions()) {
    const stage = stages.at(-1)
    if (instruction.getKeyword() === 'FROM') {
      const from = instruction as From
      const base = from.getImage()
      if (base === null) throw new Error(`${at(instruction)}: FROM names no image`)
      stages.push({ name: from.getBuildStage() ?? String(stages.length), base, steps: [] })
    } else if (stage !== undefined) stage.steps.push(stepOf(instruction))
    else {
      const step = stepOf(instruction)
      if (step.kind === 'arg' && step.value !== undefined) args[step.name] = step.value
    }
  }
  return { args, stages }
}

/** Replaces `${NAME}` and `$NAME`; throws for one that has no value. */
export function expand(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/gu, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? ''
    const value = variables[name]
    if (value === undefined) throw new Error(`\${${name}} has no value here`)
    return value
  })
}

type Reader = (instruction: Parsed) => Step

const READERS: Readonly<Record<string, Reader>> = {
  RUN: (instruction) => ({
    kind: 'run',
    script: scriptOf(instruction),
    caches: cachesOf(instruction as JSONInstruction),
  }),
  COPY: (instruction) => copyOf(instruction as Copy),
  ARG: (instruction) => {
    const [[name, value] = ['', undefined]] = propertiesOf(instruction)
    return { kind: 'arg', name, value: value === '' ? undefined : value }
  },
  ENV: (instruction) => configStep({ env: Object.fromEntries(propertiesOf(instruction)) }),
  LABEL: (instruction) => configStep({ labels: Object.fromEntries(propertiesOf(instruction)) }),
  USER: (instruction) => configStep({ user: wordsOf(instruction).join(' ') }),
  WORKDIR: (instruction) => configStep({ workdir: wordsOf(instruction).join(' ') }),
  EXPOSE: (instruction) => configStep({ ports: wordsOf(instruction) }),
  VOLUME: (instruction) => configStep({ volumes: wordsOf(instruction) }),
  ENTRYPOINT: (instruction) => configStep({ entrypoint: jsonOf(instruction) }),
  CMD: (instruction) => configStep({ cmd: jsonOf(instruction) }),
  HEALTHCHECK: (instruction) => {
    const check = (instruction as Healthcheck).getSubcommand()
    if (check?.getValue() !== 'CMD') throw new Error(`${at(instruction)}: HEALTHCHECK has to be a CMD`)
    const [, json = ''] = /CMD\s+(\[.*\])\s*$/su.exec(instruction.getRawArgumentsContent() ?? '') ?? []
    return configStep({ healthcheck: JSON.parse(json) as string[] })
  },
}

function stepOf(instruction: Parsed): Step {
  const read = READERS[instruction.getKeyword()]
  if (read === undefined) throw new Error(`${at(instruction)}: ${instruction.getKeyword()} is not understood`)
  return read(instruction)
}

function configStep(change: Partial<ImageConfig>): Step {
  return { kind: 'config', change }
}

/** The shell's part of a RUN: a comment line within a continued line is none of it. */
function scriptOf(instruction: Parsed): string {
  const lines = (instruction.getRawArgumentsContent() ?? '').split('\n').filter((line) => !/^\s*#/u.test(line))
  const script = lines.join('\n').replace(/^(?:--\w+=\S+\s+(?:\\\n\s*)?)*/u, '')
  if (script.startsWith('[') || script.startsWith('<<'))
    throw new Error(`${at(instruction)}: RUN has to be a command line`)
  return script
}

function cachesOf(instruction: JSONInstruction): readonly CacheMount[] {
  return instruction.getFlags().map((flag) => {
    const options = Object.fromEntries(flag.getOptions().map((option) => [option.getName(), option.getValue() ?? '']))
    const { type, id, target, ...others } = options
    if (flag.getName() !== 'mount' || type !== 'cache' || !id || !target || Object.keys(others).length > 0)
      throw new Error(`${at(instruction)}: ${flag.toString()} is not understood`)
    return { id, target }
  })
}

function copyOf(instruction: Copy): Step {
  const flags = Object.fromEntries(instruction.getFlags().map((flag) => [flag.getName(), flag.getValue() ?? '']))
  const { from, chown, ...others } = flags
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) throw new Error(`${at(instruction)}: --${unknown} is not understood`)
  const words = wordsOf(instruction)
  if (words.some((word) => /[*?[\]]/u.test(word))) throw new Error(`${at(instruction)}: patterns are not understood`)
  return { kind: 'copy', from, owner: chown, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
}

function wordsOf(instruction: Parsed): readonly string[] {
  return instruction.getArguments().map((argument) => argument.getValue())
}

function jsonOf(instruction: Parsed): readonly string[] {
  const json: unknown = JSON.parse(instruction.getArgumentsContent() ?? '')
  if (!Array.isArray(json)) throw new Error(`${at(instruction)}: ${instruction.getKeyword()} has to be a JSON array`)
  return json.map(String)
}

function propertiesOf(instruction: Parsed): readonly (readonly [name: string, value: string])[] {
  return (instruction as PropertyInstruction)
    .getProperties()
    .map((property) => [property.getName(), property.getValue() ?? ''])
}

function at(instruction: Parsed): string {
  return `Dockerfile line ${instruction.getRange().start.line + 1}`
}
