/** Processor time, memory and traffic of the programs in pods, as the kernel counts them for everybody alike. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { KubeClient } from '../../src/k8s/kube-client.js'
import { podsOf } from './cluster.js'
import type { PodSelector } from './peers/peer.js'

/** What the programs of some pods have used. */
export interface Usage {
  /** User and system time since their start. */
  readonly cpuMs: number
  /** Resident memory, now. */
  readonly memoryMb: number
  /** Bytes that have arrived at the pods. */
  readonly receivedBytes: number
  readonly pods: number
}

/** Ticks of /proc in a second. */
const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** What the pods of a selector have used; all zero if there are none. */
export async function usageOf(client: KubeClient, selector: PodSelector, signal: AbortSignal): Promise<Usage> {
  const pods = await podsOf(client, selector, signal)
  const uids = pods.map(({ uid }) => uid)
  const processes = processesOf(uids)
  // All programs of a pod share its network: one of them tells for all.
  const received = uids
    .map((uid) => processes.find((each) => each.uid === uid))
    .map((each) => (each === undefined ? 0 : receivedBytes(each.pid)))
  return {
    cpuMs: total(processes.map(({ pid }) => cpuMs(pid))),
    memoryMb: total(processes.map(({ pid }) => residentMb(pid))),
    receivedBytes: total(received),
    pods: pods.length,
  }
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

/** The processes in the containers of pods, without the one that holds the namespaces. */
function processesOf(uids: readonly string[]): readonly { readonly uid: string; readonly pid: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.flatMap((pid) => {
    // The systemd driver of cgroups writes the id with underscores.
    const groups = textOf(`/proc/${pid}/cgroup`).replaceAll('_', '-')
    const uid = uids.find((each) => groups.includes(each))
    return uid === undefined || textOf(`/proc/${pid}/comm`).trim() === 'pause' ? [] : [{ uid, pid }]
  })
}

function cpuMs(pid: string): number {
  // Fields are counted behind the name, which may hold spaces: utime and stime are the 14th and 15th of all.
  const fields = textOf(`/proc/${pid}/stat`)
    .replace(/^.*\) /, '')
    .split(' ')
  return ((Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 1000) / ticksPerSecond
}

function residentMb(pid: string): number {
  const [, kb] = /^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`)) ?? []
  return (Number(kb ?? 0) * 1024) / 1e6
}

function receivedBytes(pid: string): number {
  const lines = textOf(`/proc/${pid}/net/dev`).split('\n')
  return total(lines.filter((line) => !/^\s*lo:/.test(line)).map((line) => Number(/^\s*\S+:\s*(\d+)/.exec(line)?.[1] ?? 0)))
}

/** The content of a file of /proc; empty if its process has ended meanwhile. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
