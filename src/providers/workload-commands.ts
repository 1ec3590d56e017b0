// The commands that ask for index advice for a workload. What they do is loaded with the first of them (workload-reports.ts).
import * as vscode from 'vscode';
import type { FailureReporter } from './failure-reporter';
import type { WorkloadReports } from './workload-reports';

export class WorkloadCommands {
  readonly #load: () => Promise<WorkloadReports>;
  readonly #reporter: FailureReporter;

  constructor(load: () => Promise<WorkloadReports>, reporter: FailureReporter) {
    this.#load = load;
    this.#reporter = reporter;
  }

  register(): vscode.Disposable[] {
    const command = (name: string, run: (reports: WorkloadReports, argument: unknown, all: unknown) => Promise<void>) =>
      vscode.commands.registerCommand(`pgInsight.workload.${name}`, (argument?: unknown, all?: unknown) =>
        this.#reporter.guard(async () => run(await this.#load(), argument, all)),
      );
    return [
      command('adviseSlowQueries', (reports) => reports.adviseSlowQueries()),
      command('adviseStatements', (reports, node, nodes) => reports.adviseStatements(node, nodes)),
      command('adviseFile', (reports, uri, uris) => reports.adviseFiles(uri, uris)),
      command('adviseFolder', (reports, uri) => reports.adviseFolder(uri)),
      command('adviseSelection', (reports) => reports.adviseSelection()),
    ];
  }
}
