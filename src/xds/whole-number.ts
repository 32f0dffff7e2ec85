/**
 * A whole number of 64 bits as messages have it, whose types know numbers alone: a text where JavaScript has no such number, and would take the one
 * beside it.
 */
export function wholeNumber(digits: string): number {
  const number = Number(digits)
  return Number.isSafeInteger(number) ? number : (digits as unknown as number)
}
