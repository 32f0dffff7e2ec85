/** How numbers are written in tables and plots. */
import type { Answers } from '../result.js'

/** One colour for each peer, told apart by people who see few colours, too. */
export const COLOURS: Readonly<Record<string, string>> = {
  headgate: '#0072b2',
  'envoy-gateway': '#d55e00',
  contour: '#009e73',
  traefik: '#cc79a7',
}

/** `8 ms`, `1.2 s`. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(0)} s`
  if (ms >= 1_000) return `${trim((ms / 1000).toFixed(1))} s`
  return `${trim(ms >= 10 ? ms.toFixed(0) : ms.toFixed(1))} ms`
}

/** `1,000`. */
export const number = (value: number): string => Math.round(value).toLocaleString('en-US')

/** Answers other than 200, of all: `0 of 12,345`, `17 × 503 of 12,345`. `waiting` are statuses that stand for "not yet". */
export function wrong(answers: Answers, waiting: readonly string[] = []): string {
  const all = Object.values(answers).reduce((sum, count) => sum + count, 0)
  const bad = Object.entries(answers).filter(([status]) => status !== '200' && !waiting.includes(status))
  const list = bad.map(([status, count]) => `${number(count)} × ${status === '0' ? 'broken connection' : status}`)
  return `${list.length === 0 ? '0' : list.join(', ')} of ${number(all)}`
}

const trim = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)
