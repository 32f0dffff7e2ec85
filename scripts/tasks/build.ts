/** `npm run build`: dist/headgate.mjs and dist/gatewayctl.mjs; `-- --quiet` says nothing when all goes well. */
import { buildIfChanged } from '../lib/build.js'

const built = await buildIfChanged()
if (!process.argv.includes('--quiet')) console.log(built ? 'built dist/headgate.mjs and dist/gatewayctl.mjs' : 'dist is up to date')
