import { analyze } from '../analysis/analyze';
import { buildIndexTree, filterIndexTree } from '../analysis/indexes/index-tree';
import { toIndexesJson } from '../analysis/indexes/indexes-json';
import { formatIndexesMarkdown, formatIndexesText } from '../analysis/indexes/indexes-text';
import { DatabaseFailure } from '../analysis/connection/connection-failure';
import { connectionOptions, outputFormats, outputOptions, type Command } from './command';
import { withConnection } from './connect';
import { exitCode } from './exit-code';
import { ignoreOption, readIgnoreList } from './ignore-list-option';

export const indexesCommand: Command = {
  name: 'indexes',
  summary: 'List the indexes of a database with size, scans and what was found about each',
  argument: null,
  options: [
    ...connectionOptions,
    {
      name: 'filter',
      value: 'WORDS',
      mayBeEmpty: true,
      help: 'only indexes whose schema, name and table contain all the words; * stands for anything',
    },
    { name: 'limit', value: 'N', help: 'only the N largest indexes; those of partitions count as a part of theirs' },
    ignoreOption,
    ...outputOptions,
  ],
  notes: ['Reads the catalogue and the statistics only: no index is opened, and none is locked.'],
  async run(args, terminal, signal) {
    const format = args.choice('format', outputFormats) ?? 'text';
    const filter = args.text('filter') ?? '';
    const limit = args.count('limit');
    const ignore = await readIgnoreList(args);
    return withConnection(args, terminal, signal, async (connection) => {
      const snapshot = await terminal.during('Looking at the indexes', () =>
        connection.captureSnapshot(undefined, signal),
      );
      const section = snapshot.sections.indexes;
      if (section.status === 'unavailable') {
        const { kind, message, nextStep } = section.reason;
        throw new DatabaseFailure(kind === 'not-permitted' ? 'not-permitted' : 'other', message, nextStep);
      }
      const { findings, outcomes } = analyze(snapshot, { ignore });
      const all = buildIndexTree(section.rows, findings);
      const filtered = filterIndexTree(all, filter);
      const nodes = filtered.slice(0, limit ?? filtered.length);
      if (nodes.length < filtered.length) {
        terminal.note(`These are the ${nodes.length} largest of ${filtered.length} indexes.`);
      }
      const origin = {
        server: connection.server,
        serverVersion: connection.facts.version,
        database: connection.database,
        capturedAt: snapshot.capturedAt,
      };
      switch (format) {
        case 'json':
          await terminal.write(`${JSON.stringify(toIndexesJson(nodes, outcomes, origin), null, 2)}\n`);
          break;
        case 'md':
          await terminal.write(formatIndexesMarkdown(nodes, all.length, filter, outcomes, origin));
          break;
        case 'text':
          await terminal.write(
            formatIndexesText(nodes, all.length, filter, outcomes, origin, (text) => terminal.style('bold', text)),
          );
          break;
      }
      return exitCode.fine;
    });
  },
};
