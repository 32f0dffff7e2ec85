/** Asks the API server whose ServiceAccount token it is. */
import type { Identity } from '../xds/server/authentication.js'
import type { TokenReviewer } from '../xds/server/client-identity.js'
import type { KubeClient } from './kube-client.js'
import { fieldAt, listAt, stringAt } from './kube-json.js'

/** The audience that proxies ask their tokens for: a token for anybody else is no good here. */
export const XDS_TOKEN_AUDIENCE = 'headgate.dev/xds'

/** What decides about a token. */
export interface TokenReviewOptions {
  readonly client: KubeClient
  /** The groups of proxies whose pods run as this ServiceAccount; none for an account that is not one of ours. */
  readonly groupsOf: (namespace: string, serviceAccount: string) => readonly string[]
  readonly signal: AbortSignal
}

/** A reviewer by `TokenReview`. */
export function kubernetesTokenReviewer({ client, groupsOf, signal }: TokenReviewOptions): TokenReviewer {
  return {
    async review(token): Promise<Identity | undefined> {
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token, audiences: [XDS_TOKEN_AUDIENCE] } }
      const answer = await client.json({ method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', body }, signal)
      // A server that does not know audiences leaves them out: then the token may be meant for somebody else.
      const isForUs = listAt(answer, 'status', 'audiences').includes(XDS_TOKEN_AUDIENCE)
      if (fieldAt(answer, 'status', 'authenticated') !== true || !isForUs) return undefined
      const subject = stringAt(answer, 'status', 'user', 'username')
      const [, , namespace, serviceAccount] = /^system:serviceaccount:/.test(subject) ? subject.split(':') : []
      if (namespace === undefined || serviceAccount === undefined) return undefined
      const groups = groupsOf(namespace, serviceAccount)
      return groups.length === 0 ? undefined : { subject, groups }
    },
  }
}
