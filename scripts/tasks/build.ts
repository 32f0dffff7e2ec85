/** `npm run build`: dist/headgate.mjs and dist/gatewayctl.mjs; `-- --quiet` says nothing when all goes well. */
import { buildIfChanged } from '../lib/build.js'
import { taskArguments } from '../lib/task-arguments.js'

const { values } = taskArguments({ quiet: { type: 'boolean' } })
const built = await buildIfChanged()
if (values.quiet !== true) console.log(built ? 'built dist/headgate.mjs and dist/gatewayctl.mjs' : 'dist is up to date')
