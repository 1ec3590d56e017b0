// Runs inside VS Code's extension host, in the browser's VS Code and in a desktop one alike. It writes one line of JSON
// for each event as it happens: an exit code is 0 even after the host crashed, a missing `end` line is not.
import { appendFileSync } from 'node:fs';
import Mocha from 'mocha';
import { fileOf, suiteRequestSchema, suiteRequestVariable, type SuiteEvent } from './extension-suite-protocol';

/** VS Code calls this. */
export async function run(): Promise<void> {
  const request = suiteRequestSchema.parse(JSON.parse(process.env[suiteRequestVariable] ?? ''));
  process.chdir(request.root);
  const emit = (event: SuiteEvent) => {
    appendFileSync(request.resultFile, `${JSON.stringify(event)}\n`);
  };
  const mocha = new Mocha({
    ui: 'bdd',
    color: false,
    timeout: request.timeoutMs,
    forbidOnly: request.forbidOnly,
    ...(request.grep === undefined ? {} : { grep: request.grep }),
  });
  for (const file of request.files) mocha.addFile(file);
  const failures = await new Promise<number>((resolve) => {
    const runner = mocha.run(resolve);
    runner.on('test', (test) => {
      emit({ event: 'start', title: test.fullTitle() });
    });
    runner.on('pass', (test) => {
      emit({ event: 'pass', file: fileOf(test), title: test.fullTitle(), durationMs: test.duration ?? 0 });
    });
    runner.on('fail', (test, error: unknown) => {
      emit({
        event: 'fail',
        file: fileOf(test),
        title: test.fullTitle(),
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    });
    runner.on('pending', (test) => {
      emit({ event: 'pending', title: test.fullTitle() });
    });
    runner.on('end', () => {
      emit({ event: 'end' });
    });
  });
  if (failures > 0) throw new Error(`${failures} tests failed.`);
}
