/**
 * Sticky sessions of a rule or a backend.
 *
 * Source: Gateway API v1.7.0, `SessionPersistence` (GEP-1619).
 */
import type { SessionPersistence } from '../gen/kinds.js'
import { object, oneOf, optional, required, rule, string } from '../schema/build.js'
import type { ObjectSchema } from '../schema/schema.js'
import { cookieName, duration, headerName } from './strings.js'

const cookieConfig: ObjectSchema = object('CookieConfig', 'The cookie that keeps a session.', {
  name: optional(cookieName, 'Name of the cookie; chosen by the implementation when left out.'),
  path: optional(string({ maxLength: 1024 }), 'Path that the cookie is sent for.', { default: '/' }),
  lifetimeType: optional(oneOf(['Permanent', 'Session']), 'Whether the cookie outlives the browser session.', { default: 'Session' }),
})

const headerConfig: ObjectSchema = object('HeaderConfig', 'The header that keeps a session.', {
  name: required(headerName, 'Name of the header.'),
})

/** Keeps the requests of one session on one endpoint. */
export const sessionPersistence: ObjectSchema = object(
  'SessionPersistence',
  'Keeps the requests of one session on one endpoint.',
  {
    type: optional(oneOf(['Cookie', 'Header']), 'What carries the session.', { default: 'Cookie' }),
    cookie: optional(cookieConfig, 'The cookie, for `type: Cookie`.'),
    header: optional(headerConfig, 'The header, for `type: Header`.'),
    absoluteTimeout: optional(duration, 'How long a session lasts at most.'),
  },
  {
    rules: [
      rule<SessionPersistence>(
        'permanent-cookie-has-timeout',
        "!has(self.cookie) || !has(self.cookie.lifetimeType) || self.cookie.lifetimeType != 'Permanent' || has(self.absoluteTimeout)",
        'AbsoluteTimeout must be specified when cookie lifetimeType is Permanent',
        (self) => self.cookie?.lifetimeType !== 'Permanent' || self.absoluteTimeout !== undefined,
      ),
      rule<SessionPersistence>(
        'cookie-only-for-cookie-type',
        "!has(self.cookie) || self.type == 'Cookie'",
        'cookie must be nil if type is not Cookie',
        (self) => self.cookie === undefined || self.type === 'Cookie',
      ),
      rule<SessionPersistence>(
        'cookie-type-has-cookie',
        "self.type != 'Cookie' || has(self.cookie)",
        'cookie must be specified for Cookie type',
        (self) => self.type !== 'Cookie' || self.cookie !== undefined,
      ),
      rule<SessionPersistence>(
        'header-only-for-header-type',
        "!has(self.header) || self.type == 'Header'",
        'header must be nil if type is not Header',
        (self) => self.header === undefined || self.type === 'Header',
      ),
      rule<SessionPersistence>(
        'header-type-has-header',
        "self.type != 'Header' || has(self.header)",
        'header must be specified for Header type',
        (self) => self.type !== 'Header' || self.header !== undefined,
      ),
    ],
  },
)
