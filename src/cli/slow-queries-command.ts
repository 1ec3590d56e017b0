import { DatabaseFailure } from '../analysis/connection/connection-failure';
import type { Section } from '../analysis/snapshot';
import { sortStatements, statementOrders, toStatementEntries } from '../analysis/statements/statement-list';
import { toStatementsJson, type StatementsOrigin } from '../analysis/statements/statements-json';
import { formatStatementsMarkdown, formatStatementsText } from '../analysis/statements/statements-text';
import { isToolStatement } from '../analysis/statements/tool-statement';
import { connectionOptions, outputFormats, outputOptions, type Command } from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';

/** What fits a screen; the rest of a server's statements hardly takes any time. */
const defaultLimit = 20;

/** Without the section there is no list: the failure says what to do. */
function rowsOf<Row>(section: Section<Row>): readonly Row[] {
  if (section.status === 'available') return section.rows;
  const { kind, message, nextStep } = section.reason;
  throw new DatabaseFailure(kind === 'not-permitted' ? 'not-permitted' : 'other', message, nextStep);
}

export const slowQueriesCommand: Command = {
  name: 'slow-queries',
  summary: 'List the statements that take the time, from pg_stat_statements',
  argument: null,
  options: [
    ...connectionOptions,
    { name: 'sort', value: 'ORDER', help: `${statementOrders.join(', ')}; default is total` },
    { name: 'limit', value: 'N', help: `the first N statements; default is ${defaultLimit}` },
    { name: 'min-mean-ms', value: 'X', help: 'only statements that take at least X milliseconds on average' },
    ...outputOptions,
  ],
  notes: [
    'Statements of the connected database, counted since the statistics were last reset. Needs the extension pg_stat_statements; without it the exit code is 4 (3 when the role may not read it) and the message says what to do.',
  ],
  async run(args, terminal, signal) {
    const format = args.choice('format', outputFormats) ?? 'text';
    const sortedBy = args.choice('sort', statementOrders) ?? 'total';
    const limit = args.count('limit') ?? defaultLimit;
    const minMeanMs = args.milliseconds('min-mean-ms') ?? 0;
    return withConnection(args, terminal, signal, async (connection) => {
      const snapshot = await terminal.during('Reading statements', () =>
        connection.captureSnapshot(['statements', 'statementStatistics'], signal),
      );
      const counted = rowsOf(snapshot.sections.statements);
      const statements = counted.filter(({ text }) => !isToolStatement(text));
      const [statistics] = rowsOf(snapshot.sections.statementStatistics);
      if (statistics === undefined) throw new Error('pg_stat_statements said nothing about itself.');
      const origin: StatementsOrigin = {
        server: snapshot.server.server,
        serverVersion: snapshot.server.version,
        database: snapshot.server.database,
        role: snapshot.server.role,
        capturedAt: snapshot.capturedAt,
        blockSizeBytes: snapshot.server.blockSizeBytes,
        statistics,
        totalStatements: statements.length,
        minMeanMs,
        hiddenStatements: statements.filter(({ text }) => text === null).length,
        toolStatements: counted.length - statements.length,
        sortedBy,
      };
      const entries = sortStatements(
        toStatementEntries(statements).filter(({ statement }) => statement.meanExecMs >= minMeanMs),
        sortedBy,
      ).slice(0, limit);
      switch (format) {
        case 'json':
          await terminal.write(`${JSON.stringify(toStatementsJson(entries, origin), null, 2)}\n`);
          break;
        case 'md':
          await terminal.write(formatStatementsMarkdown(entries, origin));
          break;
        case 'text':
          await terminal.write(
            formatStatementsText(entries, origin, terminal.width, (text) => terminal.style('bold', text)),
          );
          break;
      }
      return exitCode.fine;
    });
  },
};
