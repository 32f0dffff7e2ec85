/** The little of SVG that plots need. */

/** Attributes of an element; numbers are written with at most one digit behind the point. */
export type Attributes = Readonly<Record<string, string | number>>

/** An element with others or with text in it. */
export function element(name: string, attributes: Attributes, content: readonly string[] | string = []): string {
  const list = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(typeof value === 'number' ? round(value) : value)}"`)
  const inner = typeof content === 'string' ? escaped(content) : content.join('')
  return inner === '' ? `<${name}${list.join('')}/>` : `<${name}${list.join('')}>${inner}</${name}>`
}

/** A text; `anchor` says which of its ends stands at `x`. */
export function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end' = 'start', more: Attributes = {}): string {
  return element('text', { x, y, 'text-anchor': anchor, ...more }, content)
}

/** A straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, more: Attributes): string {
  return element('line', { x1, y1, x2, y2, ...more })
}

/** A line through points. */
export function path(points: readonly (readonly [number, number])[], more: Attributes): string {
  return element('polyline', { points: points.map(([x, y]) => `${round(x)},${round(y)}`).join(' '), fill: 'none', ...more })
}

/** A whole picture on white, so that it is readable on dark pages, too. */
export function picture(width: number, height: number, title: string, content: readonly string[]): string {
  const frame = { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img' }
  const font = { 'font-family': 'Helvetica, Arial, sans-serif', 'font-size': 13, fill: '#333' }
  const background = element('rect', { width, height, fill: '#fff' })
  return `${element('svg', frame, [element('title', {}, title), background, element('g', font, content)])}\n`
}

const round = (value: number): string => String(Math.round(value * 10) / 10)

const escaped = (value: string): string => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
