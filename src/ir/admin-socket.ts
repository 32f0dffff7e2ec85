/** The admin interface of an Envoy is a Unix socket: who reaches it reads what all routes and policies say, and ends the proxy. */

/** How the socket is called, in whatever folder it is. */
export const ADMIN_SOCKET = 'admin.sock'

/**
 * True if the path may lead to such a socket. Its name decides and not its folder, which has as many paths as the system has links (`/var/run`,
 * `/proc/self/root`); and what the system reads of a path ends at its first zero.
 */
export function leadsToAdmin(path: string): boolean {
  const [read = ''] = path.split('\0', 1)
  return read.split('/').some((name) => name.startsWith(ADMIN_SOCKET))
}
