// Every process and every folder that a script makes is written into a ledger, one file a run, before anything else
// happens with it. A run that ends in order removes its ledger; what a run killed by kill -9 left behind is found in its
// ledger at the next start. A process id alone proves nothing, since the system gives it to others: a process is ended
// only when its start time is the recorded one, or when it carries the run's mark in its environment.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { cacheFolder } from './cache-folder';

/** The environment variable that every process of a run inherits; its value is the run's id. */
export const runMark = 'PG_INSIGHT_RUN';

const ledgers = path.join(cacheFolder, 'runs');

const processSchema = z.object({
  kind: z.literal('process'),
  pid: z.number(),
  /** As the system tells it, see startOf(). */
  start: z.string(),
});
const entrySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('owner'), pid: z.number(), start: z.string(), machine: z.string() }),
  processSchema,
  z.object({ kind: z.literal('folder'), path: z.string() }),
]);
type Entry = z.infer<typeof entrySchema>;

/** How long a process of a dead run may take to end when asked, before it is killed. */
const patienceMs = 5_000;
/** A ledger of another boot or container can't be judged here; its file is dropped after this. */
const foreignLedgerMs = 7 * 24 * 3600 * 1000;

/** When a process started, in the system's own words; null when there is no such process (a zombie is none). */
export function startOf(pid: number): string | null {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // the name in parentheses may hold anything, so fields are counted after the last one: state is the 3rd, starttime the 22nd
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? null : (fields[19] ?? null);
    }
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || null;
  } catch {
    return null;
  }
}

/** Process ids mean something only within one boot and one container. */
function thisMachine(): string {
  if (process.platform !== 'linux') return process.platform;
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return 'linux';
  }
}

/** Processes that inherited a run's mark (Linux only; elsewhere the ledger's own processes are all that is known). */
function markedProcesses(run: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${runMark}=${run}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has gone in the meantime
  }
}

export class Ledger {
  readonly run = `${process.pid}-${Date.now().toString(36)}`;
  readonly #file = path.join(ledgers, `${this.run}.jsonl`);

  constructor() {
    mkdirSync(ledgers, { recursive: true });
    this.#write({ kind: 'owner', pid: process.pid, start: startOf(process.pid) ?? '', machine: thisMachine() });
  }

  #write(entry: Entry): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  addProcess(pid: number): void {
    const start = startOf(pid);
    if (start !== null) this.#write({ kind: 'process', pid, start });
  }

  addFolder(folder: string): void {
    this.#write({ kind: 'folder', path: folder });
  }

  /** Ends descendants that outlived the processes which started them. */
  endMarked(): void {
    for (const pid of markedProcesses(this.run)) signal(pid, 'SIGKILL');
  }

  remove(): void {
    rmSync(this.#file, { force: true });
  }
}

function readLedger(file: string): Entry[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => entrySchema.parse(JSON.parse(line)));
  } catch {
    // another start is removing it, or it was never written to its end
    return [];
  }
}

/** Ends the processes and removes the folders of runs whose owner was killed. Returns how many there were. */
export async function cleanUpDeadRuns(): Promise<number> {
  const machine = thisMachine();
  let cleaned = 0;
  mkdirSync(ledgers, { recursive: true });
  for (const name of readdirSync(ledgers)) {
    const file = path.join(ledgers, name);
    const entries = readLedger(file);
    const owner = entries.find((entry) => entry.kind === 'owner');
    if (owner?.machine !== machine) {
      const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
      if (age > foreignLedgerMs) rmSync(file, { force: true });
      continue;
    }
    if (startOf(owner.pid) === owner.start) continue;
    const run = path.basename(name, '.jsonl');
    const left = () => [
      ...entries
        .filter((entry) => entry.kind === 'process')
        .filter((entry) => startOf(entry.pid) === entry.start)
        .map(({ pid }) => pid),
      ...markedProcesses(run),
    ];
    const deadline = Date.now() + patienceMs;
    for (const pid of left()) signal(pid, 'SIGTERM');
    for (;;) {
      const remaining = left();
      if (remaining.length === 0) break;
      // after SIGTERM PostgreSQL waits for its clients, after SIGINT it cuts them off
      for (const pid of remaining) signal(pid, Date.now() < deadline ? 'SIGINT' : 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (const entry of entries) {
      if (entry.kind === 'folder') rmSync(entry.path, { recursive: true, force: true, maxRetries: 5 });
    }
    rmSync(file, { force: true });
    cleaned += 1;
  }
  return cleaned;
}
