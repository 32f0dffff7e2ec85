/** Bundles the two programs into `dist/`. Types are checked by `npm run typecheck`, not here. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin, stop } from 'esbuild'

const repository = join(import.meta.dirname, '..', '..')
const stampFile = join(repository, '.cache', 'built')

/** The programs that the package brings: entry file and bundle. */
const PROGRAMS = { headgate: 'src/main.ts', gatewayctl: 'src/cli/gatewayctl.ts' } as const

/** Dependencies written as CommonJS call `require`; an ES module has none of its own. */
const BANNER = "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);"

/**
 * The modules of the generated Kubernetes client only define things, but its package does not say so. Told that, the bundler leaves out the
 * classes of the whole Kubernetes API: 17 MB of program that took 60 MB of memory, for reading a kubeconfig.
 */
const PURE_KUBERNETES_CLIENT: Plugin = {
  name: 'pure-kubernetes-client',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^(\.|@kubernetes\/client-node)/ }, async ({ path, importer, kind, namespace, resolveDir, pluginData }) => {
      if (pluginData === 'resolved' || !/client-node/.test(path + importer)) return undefined
      const found = await resolve(path, { importer, kind, namespace, resolveDir, pluginData: 'resolved' })
      return { ...found, sideEffects: false }
    })
  },
}

/**
 * An import statement reads everything that `node:http` exports, `WebSocket` among it, for which Node loads an HTTP client that nobody here
 * uses: 16 ms of every start, and 2 MB of the controller. Asked for as a value, nothing is read but what is used.
 */
const HTTP_AS_VALUE: Plugin = {
  name: 'http-as-value',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(node:)?http$/ }, ({ kind }) => (kind === 'import-statement' ? { path: 'http', namespace: 'value' } : undefined))
    onLoad({ filter: /^http$/, namespace: 'value' }, () => ({ contents: "module.exports = process.getBuiltinModule('node:http')" }))
  },
}

/** Builds when a source changed since the last build. Answers whether it built. Throws when a source does not compile. */
export async function buildIfChanged(): Promise<boolean> {
  const stamp = hashSources(['src', 'envoy', 'protos', 'package-lock.json', 'scripts/lib/build.ts'])
  const outputs = Object.keys(PROGRAMS).map((name) => join(repository, 'dist', `${name}.mjs`))
  if (outputs.every((file) => existsSync(file)) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return false
  rmSync(stampFile, { force: true })
  await bundle()
  await stop()
  mkdirSync(join(repository, '.cache'), { recursive: true })
  writeFileSync(stampFile, stamp)
  return true
}

async function bundle(): Promise<void> {
  rmSync(join(repository, 'dist'), { recursive: true, force: true })
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
  await build({
    absWorkingDir: repository,
    entryPoints: PROGRAMS,
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // What is imported only when it is needed becomes a file of its own, and so does what both programs share.
    splitting: true,
    chunkNames: 'chunk-[hash]',
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: true,
    sourcesContent: false,
    legalComments: 'linked',
    // The text of a program stays in memory while it runs. Names stay as they are, and so do traces, by the maps.
    minifyWhitespace: true,
    banner: { js: BANNER },
    define: { HEADGATE_VERSION: JSON.stringify(version) },
    plugins: [PURE_KUBERNETES_CLIENT, HTTP_AS_VALUE],
    // gRPC asks for it when a server offers services about itself, which none of ours does. It brings a protobufjs of its own.
    external: ['@grpc/proto-loader'],
    logLevel: 'warning',
  })
}

function hashSources(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  const files = inputs.flatMap((input) => filesUnder(join(repository, input)))
  for (const file of files.filter((name) => !name.endsWith('.test.ts')).sort()) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}

function filesUnder(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path]
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}
