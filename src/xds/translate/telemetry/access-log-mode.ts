/** Which requests and connections proxies write about: all, those that went wrong, or none. */
export type AccessLogMode = (typeof ACCESS_LOG_MODES)[number]
/** Every `AccessLogMode`. */
export const ACCESS_LOG_MODES = ['all', 'errors', 'off'] as const
