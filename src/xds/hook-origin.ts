/** The kind by which what an extension server answered stands among the origins of a resource. No object of Kubernetes is called so. */
export const HOOK_ORIGIN_KIND = 'ExtensionHook'
