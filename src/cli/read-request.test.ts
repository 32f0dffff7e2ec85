import { describe, expect, it } from '@jest/globals'
import { readQuestion } from '../explain/question.js'
import { readHeader, readUrl } from './read-request.js'

describe('a URL', () => {
  it.each([
    ['www.example.com', { scheme: 'http', host: 'www.example.com', port: 80, path: '/' }],
    ['http://www.example.com:8080', { scheme: 'http', host: 'www.example.com', port: 8080, path: '/' }],
    ['HTTPS://a.test/x/../%2e?q=/#here', { scheme: 'https', host: 'a.test', port: 443, path: '/x/../%2e?q=/' }],
    ['http://[2001:db8::1]:81/a', { scheme: 'http', host: '2001:db8::1', port: 81, path: '/a' }],
    ['http://a.test?q=1', { scheme: 'http', host: 'a.test', port: 80, path: '/?q=1' }],
    ['tls://a.test', { scheme: 'tls', host: 'a.test', port: 443, path: '/' }],
    ['udp://127.0.0.1:53', { scheme: 'udp', host: '127.0.0.1', port: 53, path: '/' }],
    ['tcp://127.0.0.1:5432', { scheme: 'tcp', host: '127.0.0.1', port: 5432, path: '/' }],
  ])('%s', (text, parts) => {
    expect(readUrl(text)).toEqual(parts)
  })

  it.each([
    ['', 'Write a URL such as https://www.example.com/shop?id=1.'],
    ['http:///path', 'Write a URL such as https://www.example.com/shop?id=1.'],
    ['http://a b/', 'Write a URL such as https://www.example.com/shop?id=1.'],
    ['ftp://a.test/', 'There is no scheme ftp: it is one of http, https, tcp, tls, udp.'],
    ['tcp://a.test', 'tcp has no port of its own: write tcp://a.test:PORT.'],
    ['http://a.test:70000/', 'There is no port 70000.'],
  ])('"%s" is none', (text, message) => {
    expect(() => readUrl(text)).toThrow(message)
  })
})

it('a header', () => {
  expect(readHeader('X-A:  b: c ')).toEqual(['X-A', 'b: c'])
  expect(readHeader('x-empty:')).toEqual(['x-empty', ''])
  expect(readHeader('none')).toBeUndefined()
  expect(readHeader(': none')).toBeUndefined()
})

describe('a question to the admin server', () => {
  const question = { scheme: 'http', host: 'a.test', port: 80, method: 'GET', path: '/', headers: [['a', 'b']] }

  it('is what was asked', () => {
    const more = { ...question, gateway: 'shop/public', from: '192.0.2.1' }
    expect(readQuestion(JSON.stringify(more))).toEqual(more)
  })

  it.each([
    ['', 'the request is no JSON'],
    ['[]', 'the request must be an object'],
    [JSON.stringify({ ...question, scheme: 'ftp' }), 'scheme must be one of http, https, tcp, tls, udp'],
    [JSON.stringify({ ...question, port: '80' }), 'port must be from 1 to 65535'],
    [JSON.stringify({ ...question, host: undefined }), 'host must be a text'],
    [JSON.stringify({ ...question, headers: [['a']] }), 'headers must be a list of pairs'],
    [JSON.stringify({ ...question, headers: [['a', 1]] }), 'the value of a header must be a text'],
  ])('%s is refused', (text, message) => {
    expect(() => readQuestion(text)).toThrow(new TypeError(message))
  })
})
