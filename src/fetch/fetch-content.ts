/** Fetches anything that policies ask for. */
import type { FetchRequest } from '../gatewayapi/fetches/fetch-request.js'
import { fetchImage } from './fetch-image.js'
import { fetchModule } from './fetch-module.js'
import { fetchProvider } from './fetch-provider.js'
import type { FetchContext, Outcome } from './outcome.js'

/** What is asked for; undefined: it is what was fetched before. Rejects with what `fetchReason` has words for. */
export function fetchContent(request: FetchRequest, context: FetchContext): Promise<Outcome | undefined> {
  switch (request.kind) {
    case 'module':
      return fetchModule(request, context)
    case 'image':
      return fetchImage(request, context)
    case 'provider':
      return fetchProvider(request, context)
  }
}
