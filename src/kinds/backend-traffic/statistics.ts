/** What Envoy counts for backends, as a BackendTrafficPolicy says it. */
import { boolean, object, optional, string } from '../../schema/build.js'
import type { ObjectSchema } from '../../schema/schema.js'

/** Text and operators; dots and colons would end the part of a name that they stand in. */
const NAME = '^([A-Za-z0-9_/~-]|%BACKEND_(KIND|NAMESPACE|NAME|PORT)%)+$'

/** What Envoy counts for a backend besides what it always does. */
export const statistics: ObjectSchema = object('BackendStatistics', 'What Envoy counts for a backend besides what it always does.', {
  perEndpoint: optional(
    boolean(),
    'Requests and connections of each endpoint: `cluster.<name>.endpoint.<address>.…`. That is a dozen numbers for each; false when left out.',
  ),
  requestResponseSizes: optional(
    boolean(),
    'How large headers and bodies are: `upstream_rq_body_size`, `upstream_rs_headers_size` and so on; false when left out.',
  ),
  name: optional(
    string({ minLength: 1, maxLength: 253, pattern: NAME }),
    'The name of the backend in statistics, `cluster.<name>.…`, with `%BACKEND_KIND%`, `%BACKEND_NAMESPACE%`, `%BACKEND_NAME%` and `%BACKEND_PORT%`. What has the same name is counted together. `%BACKEND_KIND%/%BACKEND_NAMESPACE%/%BACKEND_NAME%/%BACKEND_PORT%` and the policies that count when left out.',
  ),
})
