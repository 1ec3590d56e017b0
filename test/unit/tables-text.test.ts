import assert from 'node:assert/strict';
import {
  displayWidth,
  escapeMarkdown,
  formatTextTable,
  toOneLine,
  wrapText,
} from '../../src/analysis/format/text-table';
import type { TableSummary } from '../../src/analysis/tables/table';
import { toTablesJson, tablesJsonSchema, type CaptureOrigin } from '../../src/analysis/tables/tables-json';
import { describeLimit, formatTablesMarkdown, formatTablesText } from '../../src/analysis/tables/tables-text';

const origin: CaptureOrigin = {
  server: 'db:5432',
  serverVersion: '18.4',
  database: 'shop',
  capturedAt: '2026-07-01T12:00:00.000Z',
};

const parent: TableSummary = {
  oid: 1,
  schema: 'a|b',
  name: 'wide 表 🐘',
  kind: 'partitioned table',
  parentOid: null,
  isPartition: false,
  estimatedRows: 1234567,
  estimatedSizeBytes: 8192,
  sequentialScanRatio: 0.5,
  deadTupleRatio: null,
  scans: { sequential: 1, index: 1 },
  tuples: { live: 0, dead: 0 },
  lastVacuum: null,
  lastAnalyze: '2026-06-30T01:02:03.000Z',
  comment: null,
};
const child: TableSummary = {
  ...parent,
  ...{ oid: 2, name: 'line\nbreak \u001b[31m', kind: 'table', parentOid: 1, isPartition: true, estimatedRows: null },
};

describe('the list of tables', () => {
  it('is aligned, with partitions below their parent and no control characters', () => {
    const text = formatTablesText([child, parent], [child, parent], '', origin, (heading) => heading);
    assert.ok(!text.includes('\u001b'));
    const lines = text.split('\n');
    assert.equal(lines[0], 'Database shop on db:5432, PostgreSQL 18.4');
    const rows = lines.filter((line) => line.startsWith('  '));
    assert.deepEqual(
      rows.map((row) => row.trim().split(/ {2,}/)),
      [
        ['wide 表 🐘', 'partitioned table', '8 kB', '1,234,567', '50%', '–', '2026-06-30 01:02'],
        ['line\\nbreak \\x1b[31m', '8 kB', '–', '50%', '–', '2026-06-30 01:02'],
      ],
    );
    assert.equal(displayWidth(rows[0]!), displayWidth(rows[1]!));
  });

  it('is Markdown that shows names as they are', () => {
    const markdown = formatTablesMarkdown([parent, child], [parent, child], '', origin);
    assert.match(markdown, /## Schema a\\\|b: 1 table, 8 kB/);
    assert.match(markdown, /^\| &nbsp;&nbsp;line\\\\nbreak \\\\x1b\\\[31m \|/m);
  });

  it('says what its sums leave out', () => {
    const other = { ...parent, oid: 3, name: 'other' };
    const plain = (heading: string) => heading;
    assert.match(
      formatTablesText([parent], [parent, child, other], '', origin, plain),
      /Schema a\|b: 1 of its 2 tables listed, together 8 kB/,
    );
    assert.match(
      formatTablesMarkdown([other], [parent, other], '', origin),
      /Schema a\\\|b: 1 of its 2 tables listed, together 8 kB/,
    );
  });

  it('says what the largest are chosen from', () => {
    const other = { ...parent, oid: 3, name: 'other' };
    const elsewhere = { ...parent, oid: 4, schema: 'archive' };
    assert.equal(describeLimit(1, [parent, other], ''), 'Listed: the 1 largest of 2 tables.');
    assert.equal(
      describeLimit(1, [parent, other, elsewhere], 'o'),
      'Listed: the 1 largest of 3 tables that match "o" in 2 schemas.',
    );
  });

  it('says that there is nothing', () => {
    assert.match(
      formatTablesText([], [], '', origin, (heading) => heading),
      /There are no tables\./,
    );
    assert.match(formatTablesMarkdown([], [], '', origin), /There are no tables\./);
    assert.match(
      formatTablesText([], [parent, child], 'zzz', origin, (heading) => heading),
      /\n\nNone of 1 table matches "zzz"\.\n$/,
    );
    assert.match(formatTablesMarkdown([], [parent], 'a|b', origin), /None of 1 table matches "a\\\|b"\.\n$/);
  });

  it('is JSON without OIDs, with the parent also when it is filtered out', () => {
    const json = tablesJsonSchema.parse(toTablesJson([child], [parent, child], origin));
    assert.deepEqual(json.tables[0]?.parent, { schema: 'a|b', name: 'wide 表 🐘' });
    assert.ok(!JSON.stringify(json).includes('oid'));
  });
});

describe('columns of text', () => {
  it('count wide and combining characters as a terminal does', () => {
    assert.equal(displayWidth('abc'), 3);
    assert.equal(displayWidth('表🐘'), 4);
    assert.equal(displayWidth('e\u0301'), 1);
  });

  it('are aligned by their side', () => {
    const columns = [
      { title: 'name', align: 'left' },
      { title: 'n', align: 'right' },
    ] as const;
    assert.deepEqual(
      formatTextTable(columns, [
        ['a', '10'],
        ['表表表', '1'],
      ]),
      ['name     n', 'a       10', '表表表   1'],
    );
  });

  it('wrap at spaces only', () => {
    assert.deepEqual(wrapText('one two three-and-more', 7), ['one two', 'three-and-more']);
  });

  it('show what would not be seen', () => {
    assert.equal(toOneLine('a\tb\nc'), 'a\\x09b\\nc');
    assert.equal(escapeMarkdown('<b>*_|'), '&lt;b&gt;\\*\\_\\|');
  });
});
