/** The program `headgate`. */
import { readCommandLine } from './config/command-line.js'
import type { Config, StandaloneConfig } from './config/config.js'
import { endProgram } from './config/end-program.js'
import { shutdownSignal } from './config/shutdown-signal.js'
import { surroundingsOfProcess } from './config/surroundings.js'
import { sendGrpcLogTo } from './telemetry/grpc-log.js'
import { createLogger, type Logger } from './telemetry/logger.js'

const surroundings = surroundingsOfProcess(import.meta.dirname)
const commandLine = readCommandLine(process.argv.slice(2), surroundings)
if (commandLine.kind === 'exit') process.exitCode = commandLine.code
else endProgram(await run(commandLine.config))

async function run(config: Config): Promise<number> {
  const logger = createLogger(config.log)
  sendGrpcLogTo(logger)
  // Node says it as well and ends; the log says where in the sources.
  process.on('uncaughtExceptionMonitor', (err) => logger.error({ err }, 'a fault that ends the program'))
  const signal = shutdownSignal((name) => logger.info(`${name}: stopping`))
  try {
    if (config.provider === 'file') await runStandalone(config, logger, signal)
    else {
      // Neither carries what only the other needs: folders and their problems here, watches and leases there.
      const { runKubernetes } = await import('./pipeline/kubernetes.js')
      await runKubernetes(config, logger, signal)
    }
    return 0
  } catch (error) {
    logger.fatal(error instanceof Error ? error.message : String(error))
    logger.debug({ err: error }, 'the error in full')
    return 1
  }
}

async function runStandalone(config: StandaloneConfig, logger: Logger, signal: AbortSignal): Promise<void> {
  const [{ startStandalone }, { announcement }] = await Promise.all([import('./pipeline/standalone.js'), import('./pipeline/announce.js')])
  const demo = config.isQuickstart ? await (await import('./cli/demo-backend.js')).startDemoBackends(surroundings.packageFolder) : undefined
  try {
    const running = await startStandalone(config, logger, signal)
    const { sources, xdsPort, adminPort } = running
    void running.serving.then(() =>
      process.stdout.write(announcement(sources.places(), { xds: xdsPort, admin: adminPort }, config.isQuickstart)),
    )
    await running.ended
  } finally {
    await demo?.stop()
  }
}
