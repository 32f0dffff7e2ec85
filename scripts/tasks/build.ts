/** `npm run build`: dist/headgate.mjs and dist/gatewayctl.mjs. */
import { buildIfChanged } from '../lib/build.js'

console.log((await buildIfChanged()) ? 'built dist/headgate.mjs and dist/gatewayctl.mjs' : 'dist is up to date')
