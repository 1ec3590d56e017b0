// `npm run demo`: PostgreSQL 18 with the shop database and a real VS Code with PG Insight installed, until Ctrl+C.
// `--scale 0.1` makes a smaller shop; `--report` prints the health report of its database and ends.
import { parseArgs } from 'node:util';
import { printDemoReport, startDemo } from './environment/demo';
import { cleanUpDeadRuns } from './environment/ledger';
import { printFailure } from './environment/print-failure';
import { createProgress } from './environment/progress';
import { endRun, isEnding, superviseResource } from './environment/supervision';

const { values } = parseArgs({
  options: { scale: { type: 'string', default: '1' }, report: { type: 'boolean', default: false } },
});
const scale = Number(values.scale);
/** With --report standard output is the report alone. */
const say = values.report ? console.error : console.log;
const progress = createProgress(say);

function endWhenGone(what: string, ended: Promise<unknown>): void {
  const end = async (): Promise<void> => {
    if (isEnding()) return;
    console.error(`${what} ended unexpectedly. The demo stops and removes what it made.`);
    await endRun();
    process.exit(1);
  };
  void ended.then(end, end);
}

function sayWhenStopped(): void {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(name, () => {
      progress.stop();
      // below the terminal's own ^C
      say('\nStopping ...');
    });
  }
  // the youngest is ended first, and so this one last
  superviseResource(() => {
    say('Everything the demo made is removed.');
    return Promise.resolve();
  });
}

async function main(): Promise<void> {
  if (!(scale > 0 && scale <= 100))
    throw new Error(`--scale takes a number above 0, at most 100; not "${values.scale}".`);
  sayWhenStopped();
  const left = await cleanUpDeadRuns();
  if (left > 0) say('Removed what a killed run had left behind.');
  if (values.report) {
    const code = await printDemoReport(scale, progress);
    await endRun();
    process.exit(code);
  }
  const { database, editor, workspace } = await startDemo(scale, progress);
  progress.stop();
  endWhenGone('PostgreSQL', database.server.ended());
  endWhenGone("VS Code's server", editor.process.ended);
  console.log(`
PG Insight's demo is running, on this machine only.

  PostgreSQL 18   ${database.server.url(database.database)}
  Stop            Ctrl+C ends everything and removes what was made

Open this address in a browser:

${editor.url(workspace)}`);
}

try {
  await main();
} catch (error) {
  // what is stopped halfway fails, and is no news
  if (!isEnding()) {
    progress.stop();
    printFailure(error);
    await endRun();
    process.exit(1);
  }
}
