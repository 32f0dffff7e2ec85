'use strict'
/**
 * `node scripts/run.cjs TASK [ARGUMENT...]`: what every npm script calls.
 *
 * Works as the first command on a fresh clone: installs the dependencies when they are not those of package-lock.json, generates
 * `src/gen` when its sources changed, then runs `scripts/tasks/TASK.ts` or `.sh` with the pinned Node. A second run skips all that.
 *
 * Plain old JavaScript on purpose: an older system Node (12 or later) may run this file; everything else runs on the pinned one.
 */
const childProcess = require('child_process')
const crypto = require('crypto')
const fs = require('fs')
const os = require('os')
const path = require('path')

const repository = path.join(__dirname, '..')
const modules = path.join(repository, 'node_modules')
/** Holds the process that installs, while it does. */
const installMark = path.join(modules, '.installing')
const tasksFolder = path.join(__dirname, 'tasks')
const heartbeatMilliseconds = 10000
/** Tasks with a --help of their own; what the others take stands at the head of their file. */
const answersHelp = new Set(['bench-cluster', 'conformance', 'start'])

main().then(
  function exit(code) {
    process.exitCode = code
  },
  function fail(error) {
    console.error(error.message)
    process.exitCode = 1
  },
)

async function main() {
  const task = process.argv[2]
  const tasks = listTasks()
  if (!tasks.has(task)) {
    throw new Error(`Usage: node scripts/run.cjs TASK [ARGUMENT...]\nTasks: ${Array.from(tasks.keys()).sort().join(' ')}`)
  }
  const args = process.argv.slice(3)
  if (!answersHelp.has(task) && (args.includes('--help') || args.includes('-h'))) {
    console.log(headComment(tasks.get(task)))
    return 0
  }
  await installDependencies()
  const node = pinnedNode()
  await generateSources(node)
  return runTask(node, tasks.get(task), args)
}

function listTasks() {
  const tasks = new Map()
  for (const file of fs.readdirSync(tasksFolder)) {
    const match = /^([a-z][a-z-]*)\.(ts|sh)$/.exec(file)
    if (match) tasks.set(match[1], path.join(tasksFolder, file))
  }
  return tasks
}

/** The first comment of a task's file: what it does and takes. */
function headComment(file) {
  const text = readText(file).replace(/^#!.*\n/, '')
  const comment = file.endsWith('.sh') ? /^(?:#.*\n)+/.exec(text)[0].replace(/^# ?/gm, '') : /\/\*\*([\s\S]*?)\*\//.exec(text)[1]
  return comment.replace(/^ \* ?/gm, '').trim()
}

/** Compares what npm wrote down after its last install with package-lock.json: right after a manual `npm install`, too. */
async function installDependencies() {
  const reason = isHalfInstalled() ? 'an earlier installation was broken off' : whyInstall()
  if (reason === undefined) return
  console.error(`Installing dependencies (${reason}): about a minute the first time ...`)
  if (isHalfInstalled()) removeFolder(modules)
  fs.mkdirSync(modules, { recursive: true })
  fs.writeFileSync(installMark, String(process.pid))
  // Not `npm ci`: it refuses a lock file that lacks packages for other platforms, and npm writes such lock files.
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']
  const npm = process.env.npm_execpath
  const viaNpm = npm !== undefined && /npm-cli\.c?js$/.test(npm)
  const code = await run(viaNpm ? process.execPath : 'npm', viaNpm ? [npm].concat(args) : args, 'npm install')
  if (code !== 0) throw new Error(`npm install failed (exit code ${code}): see above. Is the registry reachable? \`npm ping\` tells.`)
  fs.unlinkSync(installMark)
}

/** A package that was being unpacked lacks files ever after: npm looks at its package.json alone, which comes first, and takes it for whole. */
function isHalfInstalled() {
  const pid = readText(installMark)
  if (pid !== undefined && isRunning(Number(pid)))
    throw new Error(`The dependencies are being installed by process ${pid}: try again when it has ended.`)
  return pid !== undefined || (fs.existsSync(modules) && !fs.existsSync(path.join(modules, '.package-lock.json')))
}

function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return pid !== process.pid
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function removeFolder(folder) {
  // Node 12 has no rmSync.
  if (fs.rmSync) fs.rmSync(folder, { recursive: true, force: true })
  else fs.rmdirSync(folder, { recursive: true })
}

function whyInstall() {
  const installed = readJson(path.join(modules, '.package-lock.json'))
  if (installed === undefined) return 'node_modules is missing'
  const wanted = readJson(path.join(repository, 'package-lock.json')).packages
  for (const name of Object.keys(wanted)) {
    const found = installed.packages[name]
    // Packages for other platforms are optional and stay away.
    if (name === '' || (found === undefined && wanted[name].optional)) continue
    if (found === undefined || found.version !== wanted[name].version)
      return `package-lock.json changed: ${name.slice('node_modules/'.length)}`
  }
  return undefined
}

/** The path of a Node that is new enough: the one that this repository pins, or the one that runs this file. */
function pinnedNode() {
  const pinned = path.join(modules, 'node', 'bin', 'node')
  if (fs.existsSync(pinned)) return pinned
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath
  throw new Error(
    'The pinned Node 24 is not installed: npm did not run the install script of the package `node`.\n' +
      'Run `npm rebuild node` (without ignore-scripts), or install Node 24 or newer yourself.',
  )
}

/** Runs each generator of scripts/generators.json whose inputs are not those of its last run. */
async function generateSources(node) {
  for (const generator of readJson(path.join(__dirname, 'generators.json')).generators) {
    const script = path.join(repository, generator.script)
    const outputs = generator.outputs.map((file) => path.join(repository, file))
    if (!fs.existsSync(script)) continue
    const stampFile = path.join(repository, '.cache', 'generated', generator.name)
    const stamp = hashOf([generator.script].concat(generator.inputs))
    if (outputs.every((file) => fs.existsSync(file)) && readText(stampFile) === stamp) continue
    const code = await run(node, ['--import', 'tsx', script], generator.script)
    if (code !== 0) throw new Error(`${generator.script} failed (exit code ${code}): see above.`)
    fs.mkdirSync(path.dirname(stampFile), { recursive: true })
    fs.writeFileSync(stampFile, stamp)
  }
}

function hashOf(inputs) {
  const hash = crypto.createHash('sha256')
  const visit = function visit(relative) {
    const absolute = path.join(repository, relative)
    if (!fs.existsSync(absolute)) return
    if (fs.statSync(absolute).isDirectory()) {
      for (const child of fs.readdirSync(absolute).sort()) visit(path.join(relative, child))
      return
    }
    hash.update(`${relative}\0`).update(fs.readFileSync(absolute)).update('\0')
  }
  for (const input of inputs) visit(input)
  return hash.digest('hex')
}

function runTask(node, file, args) {
  if (file.endsWith('.sh')) return run('bash', [file].concat(args))
  return run(node, ['--import', 'tsx', file].concat(args))
}

/** Runs a program to its end and answers its exit code. With a title it says every few seconds that it still works. */
function run(command, args, title) {
  return new Promise(function start(resolve, reject) {
    const began = Date.now()
    const child = childProcess.spawn(command, args, { cwd: repository, env: environment(), stdio: 'inherit' })
    const heartbeat = setInterval(function say() {
      if (title !== undefined) console.error(`${title}: still working, ${Math.round((Date.now() - began) / 1000)} s`)
    }, heartbeatMilliseconds)
    // When npm was killed without a chance to tell us, nobody is left to stop the child but us.
    const parent = process.ppid
    const orphaned = setInterval(function look() {
      if (process.env.npm_lifecycle_event !== undefined && process.ppid !== parent) child.kill('SIGTERM')
    }, 1000)
    // The child decides how to end; this process outlives it, so that nothing is left behind.
    const forward = ['SIGINT', 'SIGTERM', 'SIGHUP'].map(function listen(signal) {
      // On SIGINT alone a shell waits for what it runs, and goes on: with SIGTERM it cleans up and ends.
      const handedOn = signal === 'SIGINT' && command === 'bash' ? 'SIGTERM' : signal
      const listener = function listener() {
        child.kill(handedOn)
      }
      process.on(signal, listener)
      return { signal: signal, listener: listener }
    })
    const settle = function settle() {
      clearInterval(heartbeat)
      clearInterval(orphaned)
      for (const entry of forward) process.removeListener(entry.signal, entry.listener)
    }
    child.on('error', function failed(error) {
      settle()
      reject(new Error(`Cannot run ${command}: ${error.message}`))
    })
    child.on('close', function closed(code, signal) {
      settle()
      resolve(signal === null ? code : 128 + os.constants.signals[signal])
    })
  })
}

function environment() {
  const bin = path.join(modules, '.bin')
  return Object.assign({}, process.env, { PATH: bin + path.delimiter + process.env.PATH })
}

function readText(file) {
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined
}

function readJson(file) {
  const text = readText(file)
  return text === undefined ? undefined : JSON.parse(text)
}
