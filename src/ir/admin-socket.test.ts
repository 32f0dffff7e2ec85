import { expect, it } from '@jest/globals'
import { POD_PATHS } from '../infra/kubernetes/pod-template.js'
import { leadsToAdmin } from './admin-socket.js'

it.each([
  { path: POD_PATHS.adminSocket, want: true },
  { path: `${POD_PATHS.adminSocket}.wait`, want: true },
  { path: '/run/envoy/admin.sock', want: true },
  { path: '/proc/self/root/var/run/envoy/admin.sock', want: true },
  { path: '/var/run/x/../envoy//./admin.sock', want: true },
  { path: '/var/run/envoy/admin.sock\0.txt', want: true },
  { path: '/run/app.sock', want: false },
  { path: '/run/superadmin.sock', want: false },
  { path: '/run/app.sock\0/admin.sock', want: false },
])('$path leads to the admin interface: $want', ({ path, want }) => {
  expect(leadsToAdmin(path)).toBe(want)
})
