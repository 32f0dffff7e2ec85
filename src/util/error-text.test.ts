import { once } from 'node:events'
import { connect, type LookupFunction } from 'node:net'
import { expect, it } from '@jest/globals'
import { freePort } from '../../test/support/free-port.js'
import { errorText } from './error-text.js'

it.each([
  { thrown: new Error('no'), want: 'no' },
  { thrown: 'no', want: 'no' },
  { thrown: undefined, want: 'undefined' },
  { thrown: new AggregateError([new Error('no')], 'nothing went well'), want: 'nothing went well' },
])('says $want', ({ thrown, want }) => expect(errorText(thrown)).toBe(want))

it('says what became of each address of a name, which Node says nothing about', async () => {
  const port = await freePort()
  const lookup: LookupFunction = (_name, _options, found) =>
    found(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
    ])
  const [error] = (await once(connect({ host: 'api.example.com', port, lookup }), 'close').catch((failed: unknown) => [
    failed,
  ])) as unknown[]
  expect(errorText(error)).toBe(`connect ECONNREFUSED 127.0.0.1:${port}, connect ECONNREFUSED 127.0.0.2:${port}`)
})
