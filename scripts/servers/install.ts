import { existsSync, rmSync, writeFileSync } from 'node:fs'
import type { Engine, Tools } from './engine.ts'
import { pathOf, run } from './programs.ts'

const policyFile = '/usr/sbin/policy-rc.d'

/**
 * Debian starts a server as it installs it, on its standard port with settings of its own; this file tells it not to.
 * https://www.debian.org/doc/packaging-manuals/ (invoke-rc.d, policy-rc.d)
 */
async function withoutStarting<T>(work: () => Promise<T>): Promise<T> {
  if (existsSync(policyFile)) return await work()
  writeFileSync(policyFile, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return await work()
  } finally {
    rmSync(policyFile, { force: true })
  }
}

/** What somebody can do who cannot install: the same engine in a container. */
const otherwise = ({ name }: Engine): string => `or start it in a container: docker compose up --wait ${name}`

/**
 * Installs the Debian packages of an engine whose programs are not there.
 * @throws Error with what to do, when this machine is no Debian, or we are not root
 */
export async function install(engine: Engine, { say }: Tools): Promise<void> {
  const missing = engine.missing()
  if (missing.length === 0) return
  const lacks = `${engine.title}: ${missing.join(', ')} not found.`
  const command = `apt-get install ${engine.packages.join(' ')}`
  if (!existsSync('/usr/bin/apt-get')) {
    throw new Error(`${lacks} This machine has no apt-get: install it your way, ${otherwise(engine)}`)
  }
  if (process.getuid?.() !== 0) throw new Error(`${lacks} As root: ${command}; ${otherwise(engine)}`)
  say(`${engine.title}: installing ${engine.packages.join(', ')} (apt-get) …`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  const get = (args: readonly string[]): Promise<string> => run(pathOf('apt-get'), ['-q', ...args], { env })
  const packages = ['install', '-y', '--no-install-recommends', ...engine.packages]
  await withoutStarting(async () => {
    try {
      await get(packages)
    } catch {
      // The lists of packages may be missing or old: then a second try after an update tells the truth.
      await get(['update'])
      await get(packages)
    }
  })
  const still = engine.missing()
  if (still.length > 0) throw new Error(`${engine.title}: ${command} ended well, but ${still.join(', ')} not found`)
}
