/** What the cluster refuses a Gateway stands in its status, and what was refused is made when it may be. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { eventually } from '../support/eventually.js'
import { apply, conditionsOf, type Gateway, kubectl } from './support/kubectl.js'
import { gatewayYaml, namespaceYaml, readGateway } from './support/site.js'

const NAMESPACE = 'refused'

beforeAll(async () => {
  const quota = `
apiVersion: v1
kind: ResourceQuota
metadata: { name: nothing, namespace: ${NAMESPACE} }
spec: { hard: { services: "0", pods: "0" } }
`
  await apply([namespaceYaml(NAMESPACE), quota].join('---'))
  await apply(gatewayYaml(NAMESPACE, 'headgate'))
}, 60_000)

afterAll(async () => {
  await kubectl('delete', 'namespace', NAMESPACE, '--wait=false')
})

const allow = (resource: string): Promise<string> =>
  kubectl(
    'patch',
    'resourcequota/nothing',
    '--namespace',
    NAMESPACE,
    '--type=json',
    `--patch=[{"op":"remove","path":"/spec/hard/${resource}"}]`,
  )

const programmed = ({ status }: Gateway): string => {
  const condition = (status?.conditions ?? []).find(({ type }) => type === 'Programmed')
  return `${condition?.reason}: ${condition?.message}`
}

describe('a Gateway whose quota is used up', () => {
  it('says which object is refused, and does not send people after rights that the controller has', async () => {
    await eventually(async () => {
      const said = programmed(await readGateway(NAMESPACE))
      expect(said).toMatch(/^NoResources: .*services "headgate-web" is forbidden: exceeded quota: nothing/)
      expect(said).not.toContain('grant')
    }, 60_000)
  }, 90_000)

  it('says that its pods are refused', async () => {
    await allow('services')
    const refusal = /^NoResources: The cluster refuses the pods of the Deployment "headgate-web": .*exceeded quota: nothing/
    await eventually(async () => expect(programmed(await readGateway(NAMESPACE))).toMatch(refusal), 60_000)
  }, 90_000)

  it('is programmed when it may', async () => {
    await allow('pods')
    await eventually(async () => expect(conditionsOf(await readGateway(NAMESPACE))).toContain('Programmed=True'), 120_000)
  }, 150_000)
})
