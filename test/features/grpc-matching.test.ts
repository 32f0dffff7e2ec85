/** GRPCRoute matches: methods, headers, hosts, and which of several wins. */
import { expect } from '@jest/globals'
import { feature } from './feature.js'
import { grpcRoute, grpcWorld } from './grpc-world.js'
import { to } from './manifests.js'

const world = grpcWorld(['a', 'b', 'c', 'd'])
const UNIMPLEMENTED = 12

/** Writes a route whose rules lead to `a`, `b`, ... in their order, and says who answers each method. */
async function answerersOf(matches: readonly string[], methods: readonly string[]): Promise<readonly (string | number)[]> {
  await world.write(grpcRoute('r', `[${matches.map((match, at) => `{matches: [${match}], ${to('abcd'.charAt(at))}}`).join()}]`))
  return Promise.all(methods.map((method) => world.grpcAnswerer({ method })))
}

feature(
  ['GRPCRoute spec.rules.matches.method.{service,method}'],
  'matches a method, all methods of a service, and a method of all services',
  async () => {
    const methods = ['/shop.Cart/Add', '/shop.Cart/Remove', '/shop.Cart2/Add', '/shop.Orders/Add', '/shop.Orders/List']
    const exact = ['{method: {service: shop.Cart, method: Add}}', '{method: {type: Exact, service: shop.Cart}}', '{method: {method: Add}}']
    expect(await answerersOf(exact, methods)).toEqual(['a', 'b', 'c', 'c', UNIMPLEMENTED])
  },
)

feature(
  ['GRPCRoute spec.rules.matches.method.{service,method,type}'],
  'matches services and methods by regular expressions, which are about the whole name',
  async () => {
    const methods = ['/shop.Cart/Add', '/shop.Cart2/Add', '/shop.Orders/Add', '/shop.Orders/List', '/shop.Cart/Remove']
    const expressions = [
      '{method: {type: RegularExpression, service: "shop[.]Cart", method: "A.d"}}',
      '{method: {type: RegularExpression, service: "shop[.]Cart[0-9]"}}',
      '{method: {type: RegularExpression, method: "Ad|List"}}',
      // An empty name is about all of them.
      '{method: {type: RegularExpression, service: "", method: "Rem.*"}}',
    ]
    expect(await answerersOf(expressions, methods)).toEqual(['a', 'b', UNIMPLEMENTED, 'c', 'd'])
  },
)

feature(['GRPCRoute spec.rules.matches.headers.{name,value,type}'], 'matches headers exactly and by regular expressions', async () => {
  const matches = [
    '{headers: [{name: X-Color, value: blue}, {type: Exact, name: x-size, value: big}]}',
    '{headers: [{name: x-color, value: blue}]}',
    '{headers: [{type: RegularExpression, name: x-color, value: "gr(e|a)y"}]}',
  ]
  await answerersOf(matches, [])
  const rows: readonly (readonly [metadata: Readonly<Record<string, string>>, want: string | number])[] = [
    [{ 'x-color': 'blue', 'x-size': 'big' }, 'a'],
    [{ 'x-color': 'blue', 'x-size': 'small' }, 'b'],
    [{ 'x-color': 'gray' }, 'c'],
    [{ 'x-color': 'grey' }, 'c'],
    [{ 'x-color': 'greyish' }, UNIMPLEMENTED],
    [{ 'x-color': 'Blue' }, UNIMPLEMENTED],
    [{}, UNIMPLEMENTED],
  ]
  for (const [metadata, want] of rows) expect([metadata, await world.grpcAnswerer({ metadata })]).toEqual([metadata, want])
})

feature(
  ['GRPCRoute spec.rules.matches.{method.service,method.method,headers.name}'],
  'prefers the longer service, then the longer method, then more headers, whatever the order of the rules',
  async () => {
    const matches = [
      '{}',
      '{method: {service: shop.Cart}}',
      '{method: {service: shop.Cart, method: Add}}',
      '{method: {service: shop.Cart, method: Add}, headers: [{name: x-color, value: blue}]}',
    ]
    expect(await answerersOf(matches, ['/shop.Orders/List', '/shop.Cart/Remove', '/shop.Cart/Add'])).toEqual(['a', 'b', 'c'])
    expect(await world.grpcAnswerer({ metadata: { 'x-color': 'blue' } })).toBe('d')
  },
)

feature(['GRPCRoute spec.hostnames'], 'serves the hosts that it names, the most specific first', async () => {
  const routeFor = (name: string, hostnames: string) =>
    grpcRoute(name, `[{${to(name)}}]`, `parentRefs: [{name: gw}]\n  hostnames: [${hostnames}]`)
  await world.write(
    routeFor('a', 'one.example.com, other.example.net'),
    routeFor('b', '"*.example.com"'),
    routeFor('c', '"*.two.example.com"'),
  )
  const hosts = ['one.example.com', 'other.example.net', 'x.example.com', 'x.two.example.com', 'example.com', 'example.org']
  const answers = await Promise.all(hosts.map((authority) => world.grpcAnswerer({ authority })))
  expect(answers).toEqual(['a', 'a', 'b', 'c', UNIMPLEMENTED, UNIMPLEMENTED])
})

feature(
  ['GRPCRoute spec.rules.name'],
  'names rules without a change to what they do, and refuses a route with the same name twice',
  async () => {
    const rules = (first: string, second: string) =>
      `[{name: ${first}, matches: [{method: {service: shop.Cart}}], ${to('a')}}, {name: ${second}, ${to('b')}}]`
    await world.write(grpcRoute('r', rules('carts', 'rest')))
    const answers = () => Promise.all(['/shop.Cart/Add', '/shop.Orders/List'].map((method) => world.grpcAnswerer({ method })))
    expect(await answers()).toEqual(['a', 'b'])
    // The version before goes on serving.
    await world.writeRefused(grpcRoute('r', rules('rest', 'rest').replace('shop.Cart', 'shop.Orders')))
    expect(
      world.headgate.running.sources
        .problems()
        .map(({ message }) => message)
        .join(),
    ).toMatch(/name.*unique/i)
    expect(await answers()).toEqual(['a', 'b'])
  },
)
