import { describe, expect, it } from '@jest/globals'
import type { CustomResource } from '../../provider/kubernetes/custom-resources.js'
import { describeDefinitions } from './definitions.js'

const crd = (name: string, bundleVersion: string | undefined): CustomResource => ({
  name,
  group: name.slice(name.indexOf('.') + 1),
  bundleVersion,
  channel: 'experimental',
})
const current = [
  crd('gateways.gateway.networking.k8s.io', 'v1.7.0'),
  crd('httproutes.gateway.networking.k8s.io', 'v1.5.1'),
  crd('xbackends.gateway.networking.x-k8s.io', 'v1.7.0'),
]

describe('the installed definitions of Gateway API', () => {
  it('are known from v1.5 on', () => {
    expect(describeDefinitions(current)).toEqual({})
  })

  it('are not known where one that is read is of another release, or of none', () => {
    expect(describeDefinitions([...current, crd('grpcroutes.gateway.networking.k8s.io', 'v1.4.0')])).toEqual({
      problem: 'The CRD grpcroutes.gateway.networking.k8s.io is from Gateway API v1.4.0; install v1.7.0.',
    })
    expect(describeDefinitions([...current, crd('listenersets.gateway.networking.k8s.io', undefined)]).problem).toMatch(
      /^The CRD listenersets\.gateway\.networking\.k8s\.io does not say/,
    )
  })

  // No later release has these CRDs, so that installing one never removes nor changes them.
  it.each([
    ['xlistenersets.gateway.networking.x-k8s.io', 'v1.4.1'],
    ['backendlbpolicies.gateway.networking.k8s.io', 'v1.2.0'],
  ])('are known beside %s, which an upgrade left behind', (name, version) => {
    expect(describeDefinitions([...current, crd(name, version)])).toEqual({})
  })
})
