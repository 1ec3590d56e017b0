// Progress of several tasks at once: bars on a terminal, a line now and then otherwise.
import { MultiBar, Presets } from 'cli-progress';

export interface ProgressTask {
  update(done: number, of: number, what: string): void;
  finish(what: string): void;
}

export interface Progress {
  task(name: string): ProgressTask;
  /** Leaves the terminal to others. */
  stop(): void;
}

const nameWidth = 16;
/** A log is read later: it needs to show that something moves, not each step. */
const lineIntervalMs = 3_000;

function createBars(): Progress {
  const bars = new MultiBar(
    { format: '{name} {bar} {percentage}% | {duration_formatted} | {what}', hideCursor: true, stopOnComplete: false },
    Presets.shades_classic,
  );
  let stopped = false;
  return {
    task(name) {
      const bar = bars.create(1, 0, { name: name.padEnd(nameWidth), what: '' });
      return {
        update(done, of, what) {
          bar.setTotal(of);
          bar.update(done, { what });
        },
        finish(what) {
          bar.update(bar.getTotal(), { what });
        },
      };
    },
    stop: () => {
      // a second time it would write over what came after the bars
      if (!stopped) bars.stop();
      stopped = true;
    },
  };
}

function createLines(print: (line: string) => void): Progress {
  return {
    task(name) {
      const from = performance.now();
      let saidAt = -lineIntervalMs;
      const say = (text: string) => {
        print(`[${((performance.now() - from) / 1000).toFixed(0).padStart(3)} s] ${name.padEnd(nameWidth)} ${text}`);
      };
      return {
        update(done, of, what) {
          if (performance.now() - saidAt < lineIntervalMs) return;
          saidAt = performance.now();
          say(`${String(Math.round((100 * done) / of)).padStart(3)} %  ${what}`);
        },
        finish: say,
      };
    },
    stop: () => undefined,
  };
}

/** `print` takes the lines; bars are on standard error. */
export const createProgress = (print: (line: string) => void = console.log): Progress =>
  process.stdout.isTTY ? createBars() : createLines(print);
