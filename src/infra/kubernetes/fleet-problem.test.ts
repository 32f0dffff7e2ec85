import { describe, expect, it } from '@jest/globals'
import { KubeApiError, KubeConnectionError } from '../../k8s/kube-error.js'
import { fleetProblem } from './fleet-problem.js'

const refusal = (status: number, detail: string): KubeApiError => new KubeApiError('PATCH /x', status, '', detail)

describe('what a Gateway is told', () => {
  it.each([
    { what: 'of an address that is taken', error: refusal(422, 'spec.clusterIPs[0]: taken'), want: 'AddressNotUsable' },
    { what: 'of a quota', error: refusal(403, 'exceeded quota'), want: 'NoResources' },
    { what: 'of a server that is overloaded', error: refusal(429, 'later'), want: undefined },
    { what: 'of somebody who wrote at the same time', error: refusal(409, 'conflict'), want: undefined },
    { what: 'of a server that is away', error: new KubeConnectionError('PATCH /x', new Error('gone')), want: undefined },
  ])('$what is $want', ({ error, want }) => {
    expect(fleetProblem(error, 1)?.reason).toBe(want)
  })

  it('is of a webhook that does not answer for longer than it takes to start, in the same words each time', () => {
    const of = (port: number, failures: number) => {
      const cause = `failed to call webhook: Post "https://hook.a.svc:443/": read tcp 10.0.0.1:${port}->10.96.0.7:443: i/o timeout`
      return fleetProblem(refusal(500, `Internal error occurred: failed calling webhook "deny.example.com": ${cause}`), failures)
    }
    expect(of(41_000, 3)).toBeUndefined()
    expect(of(41_000, 4)).toMatchObject({ reason: 'NoResources', message: expect.stringContaining('webhook "deny.example.com"') })
    expect(of(41_000, 4)).toEqual(of(41_001, 5))
  })

  it('is how to have what never changes', () => {
    const of = (plural: string, detail: string) =>
      fleetProblem(new KubeApiError(`PATCH /api/v1/namespaces/shop/${plural}/headgate-web`, 422, 'Invalid', detail))?.message
    expect(of('services', 'spec.loadBalancerClass: Invalid value: "c/d": may not change once set')).toMatch(
      / once set\. It is made anew when it is deleted, perhaps with another address: kubectl delete services headgate-web --namespace shop$/,
    )
    expect(of('deployments', 'spec.selector: field is immutable')).toMatch(
      /deleted: kubectl delete deployments headgate-web --namespace shop$/,
    )
    expect(of('services', 'spec.clusterIPs: out of range')).not.toContain('kubectl')
  })

  it('is the same however the API server orders the fields that are wrong', () => {
    const of = (...fields: readonly string[]) => fleetProblem(refusal(400, ['wrong:', ...fields].join('\n')), 1)?.message
    expect(of('.b: no', '.a: no')).toBe(of('.a: no', '.b: no'))
    expect(of('.b: no', '.a: no')).toMatch(/wrong:\n\.a: no\n\.b: no\.$/)
  })
})
