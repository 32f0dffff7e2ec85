/**
 * Prints the path of the Envoy that goes into an image of the cluster: of the newest version, or of the one that is named. Downloads it
 * into the cache if it is not there.
 */
import { ENVOY_VERSION, findEnvoy } from '../envoy/find-envoy.js'

const envoy = await findEnvoy({ version: process.argv[2] ?? ENVOY_VERSION, progress: (line) => console.error(line) })
console.log(envoy.path)
