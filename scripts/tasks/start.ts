/** `npm start [-- OPTIONS]`: builds what changed and runs the control plane in this process. */

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { buildIfChanged } from '../lib/build.js'

const repository = join(import.meta.dirname, '..', '..')

await buildIfChanged()
await import(pathToFileURL(join(repository, 'dist', 'headgate.mjs')).href)
