/** Routes of the Gateway `web` in the namespace `default`, by which tests of the whole controller see that it is at work. */
import { type JsonObject, listAt, stringAt } from '../../../src/k8s/kube-json.js'
import { create, type KubeApiServer } from './kube-apiserver.js'

const GROUP = 'gateway.networking.k8s.io'

/** Kinds that these tests create. */
export type CreatedRoute = 'HTTPRoute' | 'GRPCRoute'

/** Creates a route for a host of its own, without backends. */
export function createRoute({ admin }: Pick<KubeApiServer, 'admin'>, name: string, kind: CreatedRoute = 'HTTPRoute'): Promise<JsonObject> {
  return create(admin, collection(kind), {
    apiVersion: `${GROUP}/v1`,
    kind,
    metadata: { name },
    spec: { parentRefs: [{ name: 'web' }], hostnames: [`${name}.example`] },
  })
}

/** True if its Gateway has accepted it. Rejects for a route that is not there. */
export async function isAccepted(
  { admin }: Pick<KubeApiServer, 'admin'>,
  name: string,
  kind: CreatedRoute = 'HTTPRoute',
): Promise<boolean> {
  const route = await admin.json({ path: `${collection(kind)}/${name}` }, AbortSignal.timeout(10_000))
  const [parent] = listAt(route, 'status', 'parents')
  return listAt(parent, 'conditions').some((each) => stringAt(each, 'type') === 'Accepted' && stringAt(each, 'status') === 'True')
}

function collection(kind: CreatedRoute): string {
  return `/apis/${GROUP}/v1/namespaces/default/${kind.toLowerCase()}s`
}
