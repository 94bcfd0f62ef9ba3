import { spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { LogLine } from '@saker/demo'
import type { ImageConfig } from './read-dockerfile.ts'
import { NAMESPACES } from './run-in-root.ts'

/** The image: its root file system, and what it says about its containers. */
export interface ImageRoot {
  readonly root: string
  readonly config: ImageConfig
}

/** How a container of it is run. */
export interface ContainerStart {
  /** An empty folder for what the container needs here. */
  readonly folder: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Folders of this machine by their paths in the container; one whose path ends with `:ro` cannot be written. */
  readonly volumes?: Readonly<Record<string, string>>
  /** In place of the image's. */
  readonly entrypoint?: readonly string[]
  /** `uid:gid`, in place of the image's. */
  readonly user?: string
  /** Supplementary groups. */
  readonly groups?: readonly number[]
}

const START_MS = 60_000

// What a container runtime does that matters here: a root that cannot be written, in which the mount points of volumes were
// made before; /tmp, /dev and processes of its own; a user without any capability and no way to one. The network is this
// machine's.
const ENTER = `
set -eu
image=$1 here=$2
shift 2
mount -t tmpfs -o size=64m container "$here"
mkdir "$here/upper" "$here/work" "$here/root"
mount -t overlay -o "lowerdir=$image,upperdir=$here/upper,workdir=$here/work" overlay "$here/root"
cd "$here/root"
mkdir -p proc dev tmp
mount -t proc proc proc
mount -t tmpfs -o mode=1777 tmp tmp
mount -t tmpfs -o mode=755 dev dev
for device in null zero full random urandom; do : >"dev/$device"; mount --bind "/dev/$device" "dev/$device"; done
ln -s /proc/self/fd dev/fd
for file in hosts resolv.conf; do : >"etc/$file"; mount --bind "/etc/$file" "etc/$file"; done
while [ "$1" != -- ]; do
  point=\${1%:ro}
  mkdir -p ".$point"
  mount --bind "$2" ".$point"
  [ "$point" = "$1" ] || mount -o remount,bind,ro ".$point"
  shift 2
done
shift
mount -o remount,ro "$here/root"
cd /
exec /usr/bin/env -i "$@"
`

/** A container of the image without a container engine, watched through the log that Saker writes. Needs root. */
export class ImageContainer {
  readonly #child: ChildProcess
  readonly #lines: LogLine[] = []
  readonly #printed: string[] = []
  #wake: () => void = () => {}

  constructor({ root, config }: ImageRoot, start: ContainerStart) {
    const { folder, args, env = {}, volumes = {}, entrypoint = config.entrypoint } = start
    mkdirSync(folder, { recursive: true })
    const { user = config.user, groups = [] } = start
    const program = ['/bin/sh', '-c', 'cd "$0" && exec "$@"', config.workdir, ...entrypoint, ...args]
    this.#child = spawn(
      'unshare',
      [
        ...NAMESPACES,
        'sh',
        '-c',
        ENTER,
        'sh',
        root,
        folder,
        ...Object.entries(volumes).flat(),
        '--',
        ...Object.entries({ ...config.env, ...env }).map(([name, value]) => `${name}=${value}`),
        '/usr/bin/setpriv',
        '--no-new-privs',
        '/usr/sbin/chroot',
        `--userspec=${user}`,
        `--groups=${groups.join(',')}`,
        `${folder}/root`,
        ...program,
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface(stream).on('line', (line) => this.#take(line))
    this.#child.on('exit', () => this.#wake())
  }

  /** What was printed, but for the log. */
  get printed(): string {
    return this.#printed.join('\n')
  }

  /** Waits for the first line of the log that fits; throws with what was printed when none comes. */
  async line(what: string, fits: (line: LogLine) => boolean): Promise<LogLine> {
    const deadline = Date.now() + START_MS
    for (;;) {
      const found = this.#lines.find(fits)
      if (found !== undefined) return found
      if (this.#isGone || Date.now() > deadline)
        throw new Error(
          `not ${what}:\n${[this.printed, ...this.#lines.map((line) => JSON.stringify(line))].join('\n')}`,
        )
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 1000)
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  /** Sends the container's first process a signal, as `docker stop` and a kubelet do. */
  signal(name: NodeJS.Signals): void {
    const pid = this.#child.pid ?? -1
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    process.kill(Number(first), name)
  }

  /** Waits for the end, and gives the exit code. */
  async ended(): Promise<number | null> {
    if (!this.#isGone || !this.#child.stdout?.closed) await new Promise((resolve) => this.#child.once('close', resolve))
    return this.#child.exitCode
  }

  /** Ends the container with all that runs in it. */
  async remove(): Promise<void> {
    if (this.#isGone) return
    const gone = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGKILL')
    await gone
  }

  get #isGone(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  #take(text: string): void {
    // every line of the log is an object with a message; an array is what a command was asked for
    if (/^\{.*"msg":/u.test(text)) this.#lines.push(JSON.parse(text) as LogLine)
    else this.#printed.push(text)
    this.#wake()
  }
}
