/** The Dockerfile, the image of the conformance runs, the chart and package.json agree. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from '@jest/globals'
import { parse } from 'yaml'
import { imageEntry } from '../../scripts/lib/image-entry.js'
import { DEFAULT_ENVOY_IMAGE } from '../../src/config/kubernetes-options.js'
import { CHART } from './helm.js'

const repository = join(import.meta.dirname, '..', '..')
const read = (...path: readonly string[]): string => readFileSync(join(repository, ...path), 'utf8')

const dockerfile = read('Dockerfile')
const testImage = read('conformance', 'images.sh')
const packageJson: { readonly version: string; readonly devDependencies: { readonly node: string } } = JSON.parse(read('package.json'))
const chart: { readonly appVersion: string; readonly annotations: Readonly<Record<string, string>> } = parse(
  readFileSync(join(CHART, 'Chart.yaml'), 'utf8'),
)
const values: {
  readonly podSecurityContext: { readonly runAsUser: number }
  readonly envoy: { readonly image: Readonly<Record<string, string>> }
} = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8'))

describe('the image', () => {
  it('has the Node that the tests run on', () => {
    const versions = [...dockerfile.matchAll(/library\/node:(\S+)-bookworm-slim/g)].map(([, version]) => version)
    expect(versions).toEqual([packageJson.devDependencies.node, packageJson.devDependencies.node])
  })

  it('starts in the same way in a release and in a conformance run', () => {
    const tested = /--entrypoint "(\/usr\/local\/bin\/node [^"]+)"/.exec(testImage)?.[1]
    expect(tested).toBe(imageEntry().command.join(' '))
    const [, variables = ''] = /^ENV (.+)$/m.exec(dockerfile) ?? []
    const [, image = ''] = /^image (--name "docker\.io\/headgate.+?[^\\])$/ms.exec(testImage) ?? []
    expect([...image.matchAll(/--env (\S+)/g)].map(([, each]) => each)).toEqual(variables.split(' '))
  })

  it('runs as the user that the chart names', () => {
    expect(/^USER (\d+):/m.exec(dockerfile)?.[1]).toBe(String(values.podSecurityContext.runAsUser))
  })

  it('has the version of the chart', () => {
    expect(chart.appVersion).toBe(packageJson.version)
    expect(chart.annotations['artifacthub.io/images']).toContain(`docker.io/headgate/headgate:${packageJson.version}`)
  })

  it('provisions the same Envoy by default, from the chart and from the command line', () => {
    const { registry, repository: name, tag } = values.envoy.image
    expect(`${registry}/${name}:${tag}`).toBe(DEFAULT_ENVOY_IMAGE)
    expect(chart.annotations['artifacthub.io/images']).toContain(DEFAULT_ENVOY_IMAGE)
    expect(testImage).toContain(DEFAULT_ENVOY_IMAGE)
  })
})
