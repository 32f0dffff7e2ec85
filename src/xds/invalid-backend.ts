/**
 * The name of a cluster that never exists: the share of invalid backends goes there, and the route answers for the missing cluster.
 * A connection that is sent there is closed.
 */
export const INVALID_BACKEND = 'headgate_invalid_backend'
