/** What is to be said of the objects of a folder besides their statuses and the mistakes in its files. */
import type { Problem } from '../../admin/sources.js'
import type { ResourceStore } from '../../store/resource-store.js'
import { hiddenMatches } from '../observe/hidden-matches.js'
import { unfitCertificates } from '../observe/unfit-certificates.js'
import type { Translation } from '../translation.js'
import { unreadableFormats } from './unreadable-formats.js'
import { unservedObjects } from './unserved-objects.js'

/** The same whether a controller serves the folder or somebody only has it translated. */
export function folderWarnings(
  store: ResourceStore,
  { gatewayApi }: Pick<Translation, 'gatewayApi'>,
  controllerName: string,
): readonly Problem[] {
  return [
    ...unservedObjects(store, controllerName),
    ...unreadableFormats(store),
    ...unfitCertificates(gatewayApi, new Date()),
    ...hiddenMatches(gatewayApi),
  ]
}
