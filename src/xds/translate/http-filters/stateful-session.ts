/** Keeps a client on one endpoint. Source: Gateway API v1.7, `SessionPersistence` (GEP-1619). */
import type { envoy } from '../../../gen/envoy/types.js'
import type { SessionPersistence } from '../../../ir/forward.js'
import { any, duration } from '../../message.js'
import type { HttpFilter } from './http-filter.js'

/** Remembers the endpoint in a cookie or a header, and asks for it again. */
export const STATEFUL_SESSION: HttpFilter = {
  name: 'envoy.filters.http.stateful_session',
  config: any('envoy.extensions.filters.http.stateful_session.v3.StatefulSession', {}),
  disabled: true,
  idle: any('envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute', { disabled: true }),
  perRoute: ({ action }) => {
    const session = action.kind === 'forward' ? action.sessionPersistence : undefined
    if (session === undefined) return undefined
    return any('envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute', {
      statefulSession: { sessionState: sessionState(session), ...(session.strict ? { strict: true } : {}) },
    })
  },
}

function sessionState(session: SessionPersistence): envoy.config.core.v3.TypedExtensionConfig {
  if (session.kind === 'header') {
    return {
      name: 'envoy.http.stateful_session.header',
      typedConfig: any('envoy.extensions.http.stateful_session.header.v3.HeaderBasedSessionState', { name: session.name }),
    }
  }
  const lifetime = session.lifetimeSeconds
  return {
    name: 'envoy.http.stateful_session.cookie',
    typedConfig: any('envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState', {
      cookie: {
        name: session.name,
        path: session.path ?? '/',
        // Without a time to live the cookie ends with the browser.
        ...(lifetime === 0 ? {} : { ttl: duration(lifetime * 1000) }),
      },
    }),
  }
}
