/** Prints the path of the Envoy that goes into the image of the cluster; downloads it into the cache if it is not there. */
import { ENVOY_VERSION, findEnvoy } from '../envoy/find-envoy.js'

const envoy = await findEnvoy({ version: ENVOY_VERSION, progress: (line) => console.error(line) })
console.log(envoy.path)
