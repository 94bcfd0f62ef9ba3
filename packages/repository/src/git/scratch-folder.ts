import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Who made a folder: enough to tell whether it is still at work, also where every container's process is number 1. */
interface Owner {
  readonly host: string
  readonly pid: number
  readonly startedAt: number
}

const OWNER_FILE = 'owner.json'
const SELF: Owner = { host: hostname(), pid: process.pid, startedAt: Date.now() - process.uptime() * 1000 }
/** Two readings of one process's start differ by clock corrections. */
const SAME_START_MS = 60_000
/** A folder of another machine, or one that says nothing of its owner, is left alone for this long after its last use. */
const ABANDONED_AFTER_MS = 7 * 24 * 3_600_000

/**
 * Makes a folder that no other process uses, readable by us alone, under `parent` (made with mode 0700 where missing).
 * Folders whose process ended without removing them are removed on the way.
 */
export async function makeScratchFolder(parent: string, name: string): Promise<string> {
  await mkdir(parent, { recursive: true, mode: 0o700 })
  await removeAbandoned(parent)
  const folder = await mkdtemp(join(parent, `${name}-`))
  await writeFile(join(folder, OWNER_FILE), JSON.stringify(SELF), { mode: 0o600 })
  return folder
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const entry of await readdir(parent, { withFileTypes: true })) {
    const folder = join(parent, entry.name)
    if (entry.isDirectory() && (await isAbandoned(folder))) await rm(folder, { recursive: true, force: true })
  }
}

async function isAbandoned(folder: string): Promise<boolean> {
  try {
    const owner = JSON.parse(await readFile(join(folder, OWNER_FILE), 'utf8')) as Owner
    if (owner.host === SELF.host) {
      if (owner.pid === SELF.pid) return Math.abs(owner.startedAt - SELF.startedAt) > SAME_START_MS
      return !isAlive(owner.pid)
    }
  } catch {
    // being made or removed by another process right now, or not ours at all: its age decides
  }
  const lastUse = await stat(folder).catch(() => undefined)
  return lastUse !== undefined && Date.now() - lastUse.mtimeMs > ABANDONED_AFTER_MS
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
