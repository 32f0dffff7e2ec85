import { expect, it } from '@jest/globals'
import { absentProxies, missingProxies } from './absent-proxies.js'

const refused = { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'pods "x-1" is forbidden: exceeded quota' }
const late = {
  type: 'Progressing',
  status: 'False',
  reason: 'ProgressDeadlineExceeded',
  message: 'ReplicaSet "x-1" has timed out progressing.',
}
const underWay = { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: '' }
const deployment = (availableReplicas: number, conditions: readonly object[] = [], replicas = 1) => ({
  kind: 'Deployment',
  metadata: { name: 'x', namespace: 'shop' },
  spec: { replicas },
  status: { availableReplicas, conditions },
})
const daemonSetWithoutNodes = (observedGeneration: number | undefined) => ({
  kind: 'DaemonSet',
  metadata: { name: 'x', namespace: 'shop', generation: 2 },
  status: { numberAvailable: 0, desiredNumberScheduled: 0, observedGeneration },
})

it.each([
  { what: 'a Deployment that nobody has made', workload: undefined, absence: undefined, shortage: undefined },
  { what: 'one with a pod', workload: deployment(1, [underWay]), absence: undefined, shortage: undefined },
  {
    what: 'one without a pod',
    workload: deployment(0, [underWay]),
    absence: /^Pending: No proxy is connected yet\. .*kubectl describe pods --namespace shop/,
    shortage: /^No pod of the Deployment "x" is available; .*kubectl describe pods --namespace shop/,
  },
  {
    what: 'one whose pods are refused',
    workload: deployment(0, [refused]),
    absence: /^NoResources: .*"x": pods .* exceeded quota\.$/,
    shortage: /quota/,
  },
  {
    what: 'one that somebody has scaled to nothing',
    workload: deployment(0, [underWay], 0),
    absence: /^NoResources: .*scaled to no pods/,
    shortage: /scaled to no/,
  },
  {
    what: 'one with fewer pods than are wanted',
    workload: deployment(1, [underWay], 3),
    shortage: /^Only 1 of 3 pods of the Deployment "x" /,
  },
  {
    what: 'a DaemonSet with a node that has no pod',
    workload: { kind: 'DaemonSet', metadata: { name: 'x' }, status: { numberAvailable: 2, desiredNumberScheduled: 3 } },
    shortage: /^Only 2 of 3 pods of the DaemonSet "x" /,
  },
  {
    what: 'a DaemonSet that the cluster has not looked at yet',
    workload: daemonSetWithoutNodes(undefined),
    absence: /^Pending: .*No pod of the DaemonSet "x" is available/,
    shortage: /^No pod of the DaemonSet "x" is available/,
  },
  {
    what: 'a DaemonSet that no node is for',
    workload: daemonSetWithoutNodes(2),
    absence: /^NoResources: No node takes pods of the DaemonSet "x"/,
    shortage: /^No node takes/,
  },
  {
    what: 'one whose new pods are refused',
    workload: deployment(1, [refused, late]),
    shortage: /further pods .*"x": pods .* exceeded quota\.$/,
  },
  {
    what: 'one whose new pods do not come',
    workload: deployment(1, [late]),
    shortage: /waited long .*kubectl describe pods --namespace shop/,
  },
])('of $what is said what keeps its pods away', ({ workload, absence, shortage }) => {
  const said = absentProxies(workload, 'a=b')
  const all = [said && `${said.reason}: ${said.message}`, missingProxies(workload, 'a=b')] as const
  const want = [absence, shortage].map((text) => (text === undefined ? undefined : expect.stringMatching(text)))
  expect(all).toEqual(want)
})
