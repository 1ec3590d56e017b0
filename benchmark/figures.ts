// Runs a measurement several times and prints its figures: median, lowest, highest, and how busy the machine was, for a
// time taken beside other work says nothing.
import { cpus, loadavg } from 'node:os';

const sampleMs = 500;
/** Of all cores together. An idle VS Code and an idle PostgreSQL need a few hundredths. */
const quietCores = 0.3;
/** How long to wait for that before measuring all the same. */
const patienceMs = 15_000;

export const megabyte = 1024 * 1024;

export interface Build {
  /** Of the rows; empty when there is only one. */
  name: string;
  vsix: string;
}

export class Figures {
  readonly runs: number;
  #noisy = 0;
  #busiest = 0;

  constructor(runs: number) {
    this.runs = runs;
  }

  printHead(): void {
    console.log('| what | median | lowest | highest | load | aim |\n|---|---|---|---|---|---|');
  }

  row(name: string, figures: readonly number[], unit: string, aim = ''): void {
    const sorted = [...figures].sort((a, b) => a - b);
    const at = (index: number) => (sorted[index] ?? Number.NaN).toFixed(0);
    const range = sorted.length > 1 ? `${at(0)} | ${at(sorted.length - 1)}` : ' | ';
    const load = (loadavg()[0] ?? Number.NaN).toFixed(1);
    const isNoisy = this.#busiest > quietCores;
    if (isNoisy) this.#noisy++;
    console.log(
      `| ${name} | ${at(Math.floor(sorted.length / 2))} ${unit} | ${range} | ${load}${isNoisy ? `, others used ${this.#busiest.toFixed(1)} cores` : ''} | ${aim} |`,
    );
  }

  /** Sizes do not depend on what else runs. */
  fact(name: string, figure: number, unit: string, aim = ''): void {
    console.log(`| ${name} | ${figure.toFixed(0)} ${unit} | | | | ${aim} |`);
  }

  /** Every subject once, then all again: what the machine does meanwhile meets them alike. The results of each, in order. */
  async repeat<Subject, Result>(
    subjects: readonly Subject[],
    measure: (subject: Subject) => Promise<Result>,
  ): Promise<Result[][]> {
    this.#busiest = 0;
    const results = subjects.map((): Result[] => []);
    for (let run = 0; run < this.runs; run += 1) {
      for (const [index, subject] of subjects.entries()) results[index]?.push(await measure(subject));
    }
    return results;
  }

  /** Waits until the machine is at rest, or not any longer; what still runs then is noted beside the figures. */
  async settle(): Promise<void> {
    for (const deadline = performance.now() + patienceMs; ;) {
      const busyCores = await measureBusyCores();
      if (busyCores <= quietCores) return;
      if (performance.now() < deadline) continue;
      this.#busiest = Math.max(this.#busiest, busyCores);
      return;
    }
  }

  /** To be read last. */
  get warning(): string | null {
    return this.#noisy === 0
      ? null
      : `The machine was busy during ${this.#noisy} of these figures: their times are too high and show no aim missed.`;
  }
}

async function measureBusyCores(): Promise<number> {
  const before = readCoreTimes();
  await new Promise((resolve) => setTimeout(resolve, sampleMs));
  const { idleMs, allMs } = readCoreTimes();
  return cpus().length * (1 - (idleMs - before.idleMs) / Math.max(allMs - before.allMs, 1));
}

function readCoreTimes(): { idleMs: number; allMs: number } {
  let idleMs = 0;
  let allMs = 0;
  for (const { times } of cpus()) {
    idleMs += times.idle;
    allMs += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idleMs, allMs };
}
