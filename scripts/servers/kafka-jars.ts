import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Tools } from './engine.ts'
import { pathOf, run } from './programs.ts'

/** Kafka's versions, newest first, with the oldest Java that runs their broker. */
const versions = [
  { version: '4.1.2', java: 17 },
  { version: '3.9.1', java: 11 },
] as const

/** The major version in what `java -version` prints: 17 of `openjdk version "17.0.15"`, 8 of `"1.8.0_392"`. */
export function javaMajor(text: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(text)?.[1]
  return found === undefined ? undefined : Number(found)
}

/**
 * The newest version that a Java runs.
 * @throws Error when it is too old for any
 */
export function kafkaFor(java: number | undefined): string {
  const found = versions.find((each) => java !== undefined && java >= each.java)
  if (found !== undefined) return found.version
  const oldest = versions.at(-1)!
  throw new Error(
    `Kafka ${oldest.version} needs Java ${oldest.java} or later, and this is ${java ?? 'unknown'}: apt-get install openjdk-17-jre-headless`,
  )
}

const cacheFolder = (): string => process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')

const pom = (version: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>millrace</groupId>
  <artifactId>kafka-server</artifactId>
  <version>1</version>
  <dependencies>
${['kafka_2.13', 'kafka-tools']
  .map(
    (artifact) => `    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${version}</version>
    </dependency>`,
  )
  .join('\n')}
  </dependencies>
</project>
`

/** Kafka's jars, taken once by Maven from where it is configured to take them, then kept in the user's cache. */
export async function kafkaJars({ say }: Tools): Promise<{ readonly version: string; readonly folder: string }> {
  const version = kafkaFor(javaMajor(await run(pathOf('java'), ['-version'])))
  const home = join(cacheFolder(), 'millrace', `kafka-${version}`)
  const folder = join(home, 'jars')
  if (existsSync(folder)) return { version, folder }
  say(`taking the jars of Kafka ${version} by Maven into ${folder} …`)
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'pom.xml'), pom(version))
  // Under another name until it is whole: an interrupted download must not be taken for the jars.
  const partial = join(home, `partial-${process.pid}`)
  try {
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${partial}`, '-DincludeScope=runtime']
    await run(pathOf('mvn'), ['--quiet', '--batch-mode', '--no-transfer-progress', ...goal], { cwd: home })
    const broker = `kafka_2.13-${version}.jar`
    if (!readdirSync(partial).includes(broker)) throw new Error(`Maven ended well, but ${broker} is not there`)
    renameSync(partial, folder)
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return { version, folder }
}
