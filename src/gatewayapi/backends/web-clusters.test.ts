import { describe, expect, it } from '@jest/globals'
import { webCluster, webClusterName } from './web-clusters.js'

describe('the cluster of a web address', () => {
  it.each([
    { uri: 'https://id.example.com/keys', name: 'https://id.example.com:443' },
    { uri: 'http://id.example.com', name: 'http://id.example.com:80' },
    { uri: 'https://10.0.0.1:8443/a/b?c=d', name: 'https://10.0.0.1:8443' },
    { uri: 'https://id.example.com:99999/', name: undefined },
    { uri: 'https://id.example.com:0/', name: undefined },
    { uri: 'ftp://id.example.com/', name: undefined },
    { uri: 'https://user@id.example.com/', name: undefined },
    { uri: 'Service/default/a/80', name: undefined },
  ])('$uri is $name', ({ uri, name }) => {
    expect(webClusterName(uri)).toBe(name)
    if (name !== undefined) expect(webCluster(name)).toMatchObject({ name })
  })

  it('asks an https server to prove its name', () => {
    expect(webCluster('https://id.example.com:443')?.tls).toEqual({
      serverName: 'id.example.com',
      trust: { kind: 'system' },
      subjectAltNames: [],
    })
    expect(webCluster('http://id.example.com:80')?.tls).toBeUndefined()
  })

  it('is none for a name that is written otherwise', () => {
    expect(webCluster('https://id.example.com')).toBeUndefined()
    expect(webCluster('https://id.example.com:443/keys')).toBeUndefined()
    expect(webCluster('Backend/default/a')).toBeUndefined()
  })
})
