/** What is said of objects and what is wrong: the leader knows it of all proxies, every other replica of its own alone. */
import { errorText } from '../util/error-text.js'
import type { AdminSources, StatusReport } from './sources.js'

/** What this replica knows. */
export function ownStatus(sources: Pick<AdminSources, 'statuses' | 'places' | 'problems'>): StatusReport {
  return { objects: [...sources.statuses()], listeners: sources.places(), problems: sources.problems() }
}

/** What the leader says, wherever one asks; of one that does not answer that it does not, and what this replica knows. */
export async function leaderStatus(sources: AdminSources): Promise<StatusReport> {
  try {
    return (await sources.leaderStatus()) ?? ownStatus(sources)
  } catch (error) {
    const own = ownStatus(sources)
    const message = `The leader does not answer: ${errorText(error)}`
    return { ...own, problems: [...own.problems, { severity: 'warning', where: `replica ${sources.replica}`, message, isGeneral: true }] }
  }
}
