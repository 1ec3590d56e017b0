import { readFile } from 'node:fs/promises';
import { analyze } from '../analysis/analyze';
import { buildReport } from '../analysis/build-report';
import { severities, type Finding, type Severity } from '../analysis/finding';
import { formatQuantity } from '../analysis/format/numbers';
import { formatReport, reportFormats } from '../analysis/format/format-report';
import type { Highlight } from '../analysis/format/report-text';
import { ignoreFileName } from '../analysis/ignore-list';
import { parseIgnoreList, type IgnoreEntry } from '../analysis/parse-ignore-list';
import { describeFileError } from '../database/error-code';
import { connectionOptions, outputOptions, UsageError, type Command, type CommandArguments } from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';
import type { Style } from './terminal';

const styles: Record<Parameters<Highlight>[0], Style> = {
  title: 'bold',
  critical: ['red', 'bold'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  info: 'dim',
};

/** The list that --ignore names, else the one of the current folder; without one nothing is ignored. */
async function readIgnoreList(args: CommandArguments): Promise<IgnoreEntry[]> {
  const given = args.text('ignore');
  const file = given ?? ignoreFileName;
  const unreadable = (reason: string) =>
    new UsageError(
      `The list of ignored findings ${file} can't be read. ${reason}`,
      given === null ? 'Mend it, or name another one with --ignore FILE.' : 'Mend it, or leave out --ignore.',
    );
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isAbsent && given === null) return [];
    throw unreadable(`It is not a file that can be opened: ${describeFileError(error)}.`);
  }
  const reading = parseIgnoreList(text);
  if (reading.status === 'unreadable') throw unreadable(reading.reason);
  return reading.entries;
}

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
    { name: 'ignore', value: 'FILE', help: `findings to leave out; default is ${ignoreFileName}, where there is one` },
    ...connectionOptions,
    ...outputOptions.map((option) =>
      option.name === 'format' ? { ...option, help: `${reportFormats.join(', ')}; default is text` } : option,
    ),
  ],
  notes: [
    'Reads catalogue and statistics in one read-only transaction: no table is opened, nothing is changed.',
    'What the role, the server or the version hides is named in the report, and the grade is then "incomplete". The HTML is one file that loads nothing.',
  ],
  async run(args, terminal, signal) {
    const format = args.choice('format', reportFormats) ?? 'text';
    const failOn = args.choice('fail-on', severities);
    const ignore = await readIgnoreList(args);
    return withConnection(args, terminal, signal, async (connection) => {
      const snapshot = await terminal.during('Reading the catalogue and the statistics', () =>
        connection.captureSnapshot(undefined, signal),
      );
      const report = buildReport(snapshot, analyze(snapshot, { ignore }));
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
