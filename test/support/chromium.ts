import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from 'playwright-core'
import { afterThisTest } from './saker.ts'

/** Debian's, Ubuntu's, and what the runners of GitHub have. */
const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Whether this machine has a browser; suites that need one say so with `describe.skipIf(!chromiumAvailable)`. */
export const chromiumAvailable = BROWSER !== undefined

/** It is to speak to the server under test and to nobody else. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A page of a real browser that starts without a past. `login` answers when a server asks who is there. Ends with the test. */
export async function openBrowser(login?: { readonly username: string; readonly password: string }): Promise<Page> {
  if (BROWSER === undefined) throw new Error('this machine has no Chromium')
  const profile = await mkdtemp(join(tmpdir(), 'saker-test-chromium-'))
  afterThisTest(() => rm(profile, { recursive: true, force: true, maxRetries: 3 }))
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: BROWSER,
    headless: true,
    args: QUIET,
    viewport: { width: 1280, height: 800 },
    colorScheme: 'light',
    ...(login === undefined ? {} : { httpCredentials: login }),
  })
  afterThisTest(() => context.close())
  return context.pages()[0] ?? context.newPage()
}
