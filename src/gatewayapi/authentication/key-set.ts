/** JSON Web Key Sets. Source: RFC 7517. */

/** Types of keys that tokens can be checked with, and what each must have: see Envoy's `jwt_verify_lib`. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  RSA: ['n', 'e'],
  EC: ['crv', 'x', 'y'],
  OKP: ['crv', 'x'],
  oct: ['k'],
}

/** Members of keys that only who signs may know (RFC 7518 §6). */
const PRIVATE = ['d', 'p', 'q', 'k']

/** As in the policy itself. Proxies get it once for each provider, and a ConfigMap with a megabyte of blanks would be as much for each. */
const MAX_LENGTH = 65_536

/**
 * Why text is no key set that tokens can be checked with.
 *
 * @param isSecret whether the place that it stands in is for secrets
 * @returns undefined for one that is; otherwise words that go on after what it is called
 */
export function keySetProblem(text: string, isSecret: boolean): string | undefined {
  if (text.length > MAX_LENGTH) return `is longer than ${MAX_LENGTH} characters`
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    // What the parser says quotes the text, which may hold a secret.
    return 'is no JSON'
  }
  const keys = isObject(parsed) ? parsed.keys : undefined
  if (!Array.isArray(keys)) return 'is no JSON Web Key Set: it has no list "keys"'
  if (!keys.some((key) => isObject(key) && isUsable(key))) return 'holds no key of type RSA, EC, OKP or oct that is complete'
  const leaks = !isSecret && keys.some((key) => isObject(key) && PRIVATE.some((member) => Object.hasOwn(key, member)))
  return leaks ? 'holds a private or shared key: put such a key set into a Secret' : undefined
}

function isUsable(key: Readonly<Record<string, unknown>>): boolean {
  const needed = typeof key.kty === 'string' && Object.hasOwn(NEEDED, key.kty) ? NEEDED[key.kty] : undefined
  return needed?.every((name) => typeof key[name] === 'string' && key[name] !== '') ?? false
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
