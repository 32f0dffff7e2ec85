import { expect, it } from '@jest/globals'
import { keptStats } from './kept-stats.js'

/** The whole name must match, as in Envoy. */
const EXPRESSIONS = (keptStats().inclusionList?.patterns ?? []).flatMap(({ safeRegex }) =>
  safeRegex?.regex === undefined ? [] : [new RegExp(`^(?:${safeRegex.regex})$`)],
)
const isKept = (name: string): boolean => EXPRESSIONS.some((expression) => expression.test(name))

it.each([
  'cluster.Service/default/app/80.upstream_rq_2xx',
  'cluster.Backend/default/external.upstream_rq_5xx',
  'cluster.Backend/default/l.upstream_rq_time',
  'cluster.of.a.patch.upstream_rq_time',
  'cluster.external.upstreams.upstream_rq_4xx',
  'cluster.Service/default/app/80.zone.a.b.upstream_rq_time',
  'vhost.example.com.route.shop.upstream_rq_time',
])('answers of a backend are counted: %s', (name) => {
  expect(isKept(name)).toBe(true)
})

it.each([
  'cluster.Service/default/app/80.external.upstream_rq_2xx',
  'cluster.Backend/default/external.external.upstream_rq_time',
  'cluster.Service/default/app/80.upstream_rq_200',
  'cluster.Service/default/app/80.upstream_rq_completed',
])('nothing is counted twice: %s', (name) => {
  expect(isKept(name)).toBe(false)
})
