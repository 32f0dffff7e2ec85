/** The group of the rate limit service on the xDS server: it gets the limits of all policies, and nothing else. */
export const RATE_LIMIT_GROUP = 'headgate-rate-limits'
