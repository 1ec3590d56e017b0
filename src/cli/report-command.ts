import path from 'node:path';
import { analyze } from '../analysis/analyze';
import { buildReport } from '../analysis/build-report';
import { severities, type Finding, type Severity } from '../analysis/finding';
import { leaveOutIgnored } from '../analysis/index-advice/missing-index-findings';
import { formatQuantity } from '../analysis/format/numbers';
import { formatReport, reportFormats } from '../analysis/format/format-report';
import type { Highlight } from '../analysis/format/report-text';
import { connectionOptions, outputOptions, postgresOption, UsageError, type Command } from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';
import { ignoreOption, readIgnoreList } from './ignore-list-option';
import { captureMissingIndexes } from './missing-indexes';
import type { Style } from './terminal';

const styles: Record<Parameters<Highlight>[0], Style> = {
  title: 'bold',
  critical: ['red', 'bold'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

function countAtOrAbove(findings: readonly Finding[], least: Severity): number {
  const order = (severity: Severity) => severities.indexOf(severity);
  return findings.filter(({ severity }) => order(severity) <= order(least)).length;
}

export const reportCommand: Command = {
  name: 'report',
  summary: 'Grade a database: findings with their fixes, targets, tables, indexes, statements, connections',
  argument: null,
  options: [
    {
      name: 'fail-on',
      value: 'SEVERITY',
      help: `exit code 1 when there is a finding of this severity or a worse one: ${severities.join(', ')}`,
    },
    { name: 'no-advice', value: null, help: 'do not look for missing indexes, which takes some seconds' },
    postgresOption,
    ignoreOption,
    ...connectionOptions,
    ...outputOptions.map((option) =>
      option.name === 'format' ? { ...option, help: `${reportFormats.join(', ')}; default is text` } : option,
    ),
  ],
  notes: [
    'Reads catalogue and statistics in one read-only transaction: no table is opened, nothing is changed. To find missing indexes, the statements with the most time are planned, never run, and no index is made on the server.',
    'What the role, the server or the version hides is named in the report, and the grade is then "incomplete". The HTML is one file that loads nothing.',
  ],
  async run(args, terminal, signal) {
    const format = args.choice('format', reportFormats) ?? 'text';
    const failOn = args.choice('fail-on', severities);
    const postgres = args.text('postgres');
    if (postgres !== null && args.has('no-advice')) {
      throw new UsageError('--postgres is for finding missing indexes, and --no-advice leaves them out.');
    }
    const ignore = await readIgnoreList(args);
    return withConnection(args, terminal, signal, async (connection) => {
      const snapshot = await terminal.during('Reading the catalogue and the statistics', () =>
        connection.captureSnapshot(undefined, signal),
      );
      let progress = 'Looking for missing indexes';
      const missingOptions = {
        binaries: postgres === null ? '' : path.resolve(postgres),
        onProgress: (done: number, total: number) => {
          progress = `Looking for missing indexes: ${done} of ${total} statements planned`;
        },
      };
      const missingIndexes = args.has('no-advice')
        ? null
        : await terminal.during(
            () => progress,
            () => captureMissingIndexes(connection, snapshot, missingOptions, signal),
          );
      const report = buildReport(snapshot, analyze(snapshot, { ignore }), leaveOutIgnored(missingIndexes, ignore));
      await terminal.write(
        formatReport(report, format, {
          highlight: (part, text) => terminal.style(styles[part], text),
          width: terminal.width,
        }),
      );
      const failing = failOn === null ? 0 : countAtOrAbove(report.findings, failOn);
      if (failOn === null || failing === 0) return exitCode.fine;
      terminal.note(`${formatQuantity(failing, 'finding')} at or above "${failOn}": the exit code is 1.`);
      return exitCode.findings;
    });
  },
};
