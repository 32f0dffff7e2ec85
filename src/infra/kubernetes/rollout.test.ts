import { expect, it } from '@jest/globals'
import { isRolledOut } from './rollout.js'

const deployment = { metadata: { name: 'x', generation: 2 }, kind: 'Deployment', spec: { replicas: 2 } }
const daemonSet = { metadata: { name: 'x', generation: 1 }, kind: 'DaemonSet' }
const done = { observedGeneration: 2, replicas: 2, updatedReplicas: 2, availableReplicas: 2 }
const everywhere = { observedGeneration: 1, desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 }

it.each([
  { what: 'a Deployment with all its pods', workload: { ...deployment, status: done }, want: true },
  { what: 'one that nobody has looked at', workload: deployment, want: false },
  {
    what: 'one whose last change nobody has looked at',
    workload: { ...deployment, status: { ...done, observedGeneration: 1 } },
    want: false,
  },
  { what: 'one with pods of an earlier template', workload: { ...deployment, status: { ...done, replicas: 3 } }, want: false },
  { what: 'one with a pod that is not available', workload: { ...deployment, status: { ...done, availableReplicas: 1 } }, want: false },
  {
    what: 'one without pods, as it should be',
    workload: { ...deployment, spec: { replicas: 0 }, status: { observedGeneration: 2 } },
    want: true,
  },
  { what: 'a DaemonSet with a pod on each node', workload: { ...daemonSet, status: everywhere }, want: true },
  { what: 'one that misses a node', workload: { ...daemonSet, status: { ...everywhere, numberAvailable: 2 } }, want: false },
  { what: 'one that is not there', workload: undefined, want: false },
])('$what: $want', ({ workload, want }) => {
  expect(isRolledOut(workload)).toBe(want)
})
