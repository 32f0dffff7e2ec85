/** The order of two texts, by their UTF-16 code units: the same everywhere, whatever language a machine speaks. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
