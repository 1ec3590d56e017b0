import { filterTables } from '../analysis/tables/table-tree';
import { toTablesJson } from '../analysis/tables/tables-json';
import { describeLimit, formatTablesMarkdown, formatTablesText } from '../analysis/tables/tables-text';
import { connectionOptions, outputFormats, outputOptions, type Command } from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';

export const tablesCommand: Command = {
  name: 'tables',
  summary: 'List the tables of a database with size, rows, sequential scans and dead rows',
  argument: null,
  options: [
    ...connectionOptions,
    {
      name: 'filter',
      value: 'WORDS',
      mayBeEmpty: true,
      help: 'only tables whose schema.name contains all the words; * stands for anything',
    },
    {
      name: 'limit',
      value: 'N',
      help: 'only the N largest tables of all schemas; partitions count as a part of their table',
    },
    ...outputOptions,
  ],
  notes: ['Reads the catalogue only: no table is opened, and none is locked.'],
  async run(args, terminal, signal) {
    const format = args.choice('format', outputFormats) ?? 'text';
    const filter = args.text('filter') ?? '';
    const limit = args.count('limit');
    return withConnection(args, terminal, signal, async (connection) => {
      const all = await terminal.during('Reading tables', () => connection.captureTables(signal));
      const origin = {
        server: connection.server,
        serverVersion: connection.facts.version,
        database: connection.database,
        capturedAt: new Date().toISOString(),
      };
      const filtered = filterTables(all, filter);
      const wholes = filtered.filter(({ isPartition }) => !isPartition);
      const tables =
        limit === null
          ? filtered
          : wholes.toSorted((a, b) => b.estimatedSizeBytes - a.estimatedSizeBytes).slice(0, limit);
      if (limit !== null && limit < wholes.length) terminal.note(describeLimit(limit, wholes, filter));
      switch (format) {
        case 'json':
          await terminal.write(`${JSON.stringify(toTablesJson(tables, all, origin), null, 2)}\n`);
          break;
        case 'md':
          await terminal.write(formatTablesMarkdown(tables, all, filter, origin));
          break;
        case 'text':
          await terminal.write(formatTablesText(tables, all, filter, origin, (text) => terminal.style('bold', text)));
          break;
      }
      return exitCode.fine;
    });
  },
};
