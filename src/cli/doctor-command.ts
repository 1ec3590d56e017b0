import { findDoctorChecks, type DoctorStatus } from '../analysis/doctor';
import {
  doctorJsonVersion,
  formatDoctorMarkdown,
  formatDoctorText,
  type DoctorReport,
} from '../analysis/doctor-output';
import { loadSqlParser } from '../analysis/sql/load-sql-parser';
import { captureSandboxFacts } from '../database/what-if/sandbox/postgres-binaries';
import { connectionOptions, outputFormats, outputOptions, type Command } from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';
import type { Style } from './terminal';

const styles: Record<DoctorStatus, Style> = {
  fine: 'green',
  missing: 'yellow',
  'not-permitted': 'red',
  'not-possible': 'magenta',
  'switched-off': 'yellow',
};

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'Say what the role, the server or this machine lacks, with the statement that mends it',
  argument: null,
  options: [...connectionOptions, ...outputOptions],
  notes: [
    'Changes nothing: the statements are for somebody who may run them. What it finds does not change the exit code.',
  ],
  async run(args, terminal, signal) {
    const format = args.choice('format', outputFormats) ?? 'text';
    const { parser, fallbackReason } = await loadSqlParser();
    return withConnection(args, terminal, signal, async ({ facts, server }) => {
      const host = server.replace(/:\d+$/, '');
      const report: DoctorReport = {
        schemaVersion: doctorJsonVersion,
        server,
        serverVersion: facts.version,
        database: facts.database,
        role: facts.role,
        capturedAt: new Date().toISOString(),
        checks: findDoctorChecks(facts, {
          host,
          sqlParser: parser.name,
          sqlParserReason: fallbackReason,
          sandbox: await captureSandboxFacts('', Math.floor(facts.versionNumber / 10_000)),
        }),
      };
      switch (format) {
        case 'json':
          await terminal.write(`${JSON.stringify(report, null, 2)}\n`);
          break;
        case 'md':
          await terminal.write(formatDoctorMarkdown(report));
          break;
        case 'text':
          await terminal.write(
            formatDoctorText(report, (status, label) => terminal.style(styles[status], label), terminal.width),
          );
          break;
      }
      return exitCode.fine;
    });
  },
};
