import { expect, it } from '@jest/globals'
import { leadershipProblem } from './leadership-problem.js'

it.each([
  { what: 'on the leader', holder: 'self@10.0.0.1:18000', vacancy: undefined, says: [] },
  { what: 'while one is about to be found', holder: '', vacancy: undefined, says: [] },
  {
    what: 'of the leader',
    holder: 'other@10.0.0.2:18000',
    vacancy: undefined,
    says: [['warning', expect.stringMatching(/kubectl exec --namespace system other -- node \S+ status$/)]],
  },
  {
    what: 'that nobody leads, and nothing of one that led before',
    holder: 'other@10.0.0.2:18000',
    vacancy: 'leases is forbidden',
    says: [['error', expect.stringMatching(/^No replica leads: .*: leases is forbidden$/)]],
  },
])('says $what: $says', ({ holder, vacancy, says }) => {
  const problems = leadershipProblem('self', { holder, vacancy }, 'system')
  expect(problems.map(({ severity, message }) => [severity, message])).toEqual(says)
})
