/** What the command line asks for, until it has ended. */
import { readCommandLine } from './config/command-line.js'
import type { Config, KubernetesConfig, StandaloneConfig } from './config/config.js'
import { shutdownSignal } from './config/shutdown-signal.js'
import { surroundingsOfProcess } from './config/surroundings.js'
import { sendGrpcLogTo } from './telemetry/grpc-log.js'
import { createLogger, type Logger } from './telemetry/logger.js'
import { errorText } from './util/error-text.js'

/** What the program is told of itself. */
export interface ProgramOptions {
  /** Where it lies: `dist` in the package, `src` in the repository. */
  readonly programFolder: string
  /** Called when all of it is loaded, before it does anything. */
  onLoaded(): void
}

/** What runs one of the providers until the signal, or until it fails. */
type RunProvider = (logger: Logger, signal: AbortSignal) => Promise<void>

/** Does what the arguments say. Returns the code to end with when that is done, has failed, or was told to end. */
export async function runProgram(args: readonly string[], { programFolder, onLoaded }: ProgramOptions): Promise<number> {
  const surroundings = surroundingsOfProcess(programFolder)
  const commandLine = readCommandLine(args, surroundings)
  if (commandLine.kind === 'exit') return commandLine.code
  const { config } = commandLine
  const logger = createLogger(config.log)
  sendGrpcLogTo(logger)
  // Node says it as well and ends; the log says where in the sources.
  process.on('uncaughtExceptionMonitor', (err) => logger.error({ err }, 'a fault that ends the program'))
  const signal = shutdownSignal((name) => logger.info(`${name}: stopping`))
  try {
    const runProvider = await loadProvider(config, surroundings.packageFolder)
    onLoaded()
    await runProvider(logger, signal)
    return 0
  } catch (error) {
    logger.fatal(errorText(error))
    logger.debug({ err: error }, 'the error in full')
    return 1
  }
}

/** Neither brings what only the other needs: folders and their problems here, watches and leases there. */
async function loadProvider(config: Config, packageFolder: string): Promise<RunProvider> {
  return await (config.provider === 'file' ? loadStandalone(config, packageFolder) : loadKubernetes(config))
}

async function loadKubernetes(config: KubernetesConfig): Promise<RunProvider> {
  const { runKubernetes } = await import('./pipeline/kubernetes.js')
  return async (logger, signal) => await runKubernetes(config, logger, signal)
}

async function loadStandalone(config: StandaloneConfig, packageFolder: string): Promise<RunProvider> {
  const [{ startStandalone }, { announcement }, { objectHealth }] = await Promise.all([
    import('./pipeline/standalone.js'),
    import('./pipeline/folder/announce.js'),
    import('./cli/object-health.js'),
  ])
  return async (logger, signal) => {
    const demo = config.isQuickstart ? await (await import('./cli/demo-backend.js')).startDemoBackends(packageFolder) : undefined
    try {
      const running = await startStandalone(config, logger, signal)
      const { sources, xdsPort, adminPort } = running
      void running.serving.then(() => {
        const ports = { xds: xdsPort, admin: adminPort }
        const troubled = [...sources.statuses()].filter((status) => objectHealth(status) === 'problem')
        const troubles = troubled.length + sources.problems().length
        process.stdout.write(announcement({ places: sources.places(), ports, isQuickstart: config.isQuickstart, troubles }))
      })
      await running.ended
    } finally {
      await demo?.stop()
    }
  }
}
