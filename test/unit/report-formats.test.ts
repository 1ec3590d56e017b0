import assert from 'node:assert/strict';
import { formatReport } from '../../src/analysis/format/format-report';
import { toReportDocument } from '../../src/analysis/format/report-document';
import { reportSchema, type AnalysisReport } from '../../src/analysis/report';

const oddName = 'o"dd <b>&amp; | `x` ``` *🐘*\n# [a](b) \u001b[31m <!-- \t';
const quoted = `public."${oddName.replaceAll('"', '""')}"`;

const report: AnalysisReport = {
  schemaVersion: 1,
  capturedAt: '2026-11-21T12:00:00.000Z',
  server: {
    server: 'localhost:5432',
    database: oddName,
    role: oddName,
    version: '18.4',
    versionNumber: 180004,
    inRecovery: false,
  },
  grade: 'incomplete',
  gradeReason: `No grade without ${oddName}.`,
  findings: [
    {
      ruleId: 'duplicate-index',
      severity: 'high',
      subject: { kind: 'index', schema: 'public', name: oddName, table: oddName },
      message: `Index ${quoted} is a copy.`,
      advice: `Drop ${quoted}.`,
      evidence: [
        { grade: 'measured', label: 'index scans', value: 0, unit: 'scans' },
        { grade: 'measured', label: 'hit ratio', value: 0.5, unit: 'ratio' },
        { grade: 'measured', label: oddName, value: oddName, unit: null },
        { grade: 'measured', label: 'statistics since', value: '2026-11-20T10:11:12.345Z', unit: null },
      ],
      fix: {
        title: `Drop ${quoted}`,
        sql: `DROP INDEX ${quoted};`,
        undoSql: `CREATE INDEX ${quoted};`,
        risk: `None for ${quoted}.`,
        outsideTransaction: true,
      },
      fingerprint: 'x',
    },
  ],
  ignored: [],
  rules: [
    { ruleId: 'duplicate-index', title: 'Duplicates', status: 'ran', findings: 1 },
    {
      ruleId: 'slow-statement',
      title: 'Slow',
      status: 'skipped',
      reason: { kind: 'missing', message: 'There is no pg_stat_statements.', nextStep: 'Create it.' },
    },
    { ruleId: 'unused-index', title: 'Unused', status: 'disabled' },
  ],
  targets: [
    { id: 'a', title: 'Hits', unit: 'ratio', direction: 'at-least', target: 0.95, current: 0.5, status: 'missed' },
    { id: 'b', title: 'Unseen', unit: 'ms', direction: 'at-most', target: 100, current: null, status: 'unknown' },
  ],
  tables: [
    {
      schema: 'public',
      name: oddName,
      sizeBytes: 8192,
      indexesSizeBytes: 0,
      rows: null,
      indexCoverageRatio: null,
      indexes: 0,
      heapHitRatio: 0.25,
      deadTupleRatio: null,
      findings: 1,
    },
  ],
  indexes: [],
  statements: [
    {
      queryId: '1',
      text: `SELECT 1 FROM a </td><script>alert(1)</script> "${oddName}"`,
      calls: 1,
      totalMs: 1,
      meanMs: 1,
      rows: 1,
      loadRatio: 1,
      hitRatio: null,
      tempBytes: 0,
    },
  ],
  toolStatements: 3,
  connections: {
    limit: null,
    used: 1,
    usedAtLeast: 1,
    byState: [{ state: 'active', count: 1 }],
    byApplication: [{ application: oddName, role: oddName, count: 1 }],
  },
  missingIndexes: {
    status: 'looked',
    engine: 'sandbox',
    engineNote: oddName,
    statements: 3,
    notAssessed: [{ id: '7', sql: `SELECT ${quoted}`, reason: `No ${quoted}.` }],
    complete: false,
    findings: [
      {
        ruleId: 'missing-index',
        severity: 'medium',
        subject: { kind: 'relation', schema: 'public', name: oddName },
        message: `An index on ${quoted} is missing.`,
        evidence: [{ grade: 'planned', label: oddName, value: '9 → 1 a call', unit: null }],
        fingerprint: `missing-index: ${oddName}`,
      },
    ],
  },
  gaps: [
    {
      section: 'statement statistics',
      kind: 'missing',
      message: 'There is no pg_stat_statements.',
      nextStep: 'Create it.',
      fix: { title: 'Create it', sql: `CREATE ${quoted};`, risk: 'None.', outsideTransaction: false },
    },
  ],
};

describe('report formats', () => {
  it('keep names with markup, quotes, emoji and line breaks as names in HTML', () => {
    const page = formatReport(report, 'html');
    const tags = new Set([...page.matchAll(/<\/?([a-zA-Z!][\w-]*)/g)].map(([, tag]) => tag));
    for (const tag of ['b', 'script', 'a-b']) assert.ok(!tags.has(tag), `no <${tag}>`);
    assert.doesNotMatch(page, /<!--|&amp;amp; \| \S*<b>/);
    assert.ok(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;'));
    assert.ok(page.includes('o&quot;&quot;dd &lt;b&gt;&amp;amp; | `x` ``` *🐘*'));
    assert.doesNotMatch(page, /(src|href)="(?!#)|url\(|@import|https?:/, 'it loads nothing');
    assert.doesNotMatch(page, / style="| on\w+="/);
  });

  it('keep them in Markdown: no cell, fence or heading ends early', () => {
    const lines = formatReport(report, 'md').split('\n');
    let fence: string | null = null;
    for (const line of lines) {
      const [mark] = /^`{3,}/.exec(line) ?? [];
      if (mark !== undefined && fence === null) fence = mark;
      else if (mark !== undefined && line === fence) fence = null;
      else if (fence === null) {
        assert.ok(!line.includes('<') && !line.includes('\u001b'), line);
        assert.doesNotMatch(line.replaceAll(/\\./g, ''), /`/, line);
        if (line.startsWith('#')) assert.match(line, /^#{1,3} /);
      }
    }
    assert.equal(fence, null, 'all fences are closed');
    const tables = lines.flatMap((line, index) => (line.startsWith('| -') ? [index] : []));
    assert.ok(tables.length >= 4);
    for (const at of tables) {
      const cells = (line: string) => line.replaceAll(/\\./g, '').split('|').length;
      for (let row = at; lines[row]?.startsWith('|') === true; row += 1) {
        assert.equal(cells(lines[row] ?? ''), cells(lines[at - 1] ?? ''), lines[row]);
      }
    }
  });

  it('send nothing but text to a terminal, and break nothing there', () => {
    const text = formatReport(report, 'text');
    // eslint-disable-next-line no-control-regex -- the point of the test
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f]/);
    assert.ok(text.includes('\\x1b[31m'));
    assert.match(text, /^ {2}Hits +≥ 95% +50% +missed$/m);
    assert.match(text, /^ {2}public\."o""dd <b>&amp; \| `x` ``` \*🐘\*\\n# .* 8 kB +0 /m);
  });

  it('keep every character in JSON, by the schema', () => {
    assert.deepEqual(reportSchema.parse(JSON.parse(formatReport(report, 'json'))), report);
  });

  it('say how many statements of tools are left out, and nothing where there were none', () => {
    const note = 'of tools (catalogue queries, transaction control)';
    assert.ok(formatReport(report, 'html').includes(`3 statements ${note} are not counted.`));
    assert.ok(formatReport({ ...report, toolStatements: 1 }, 'html').includes(`1 statement ${note} is not counted.`));
    assert.ok(!formatReport({ ...report, toolStatements: 0 }, 'html').includes(note));
  });

  it('break no line of a terminal but those of statements and tables', () => {
    const width = 60;
    const text = formatReport({ ...report, gradeReason: 'word '.repeat(40).trim() }, 'text', {
      highlight: (_part, part) => part,
      width,
    });
    for (const line of text.split('\n').filter((each) => each.startsWith('word'))) assert.ok(line.length <= width);
  });
});

describe('the report as a document', () => {
  const document = toReportDocument(report);
  const section = (id: string) => document.sections.find((each) => each.id === id);

  it('tells one reason once, with all that it costs and the steps', () => {
    const blocks = section('not-looked-at')?.blocks ?? [];
    assert.deepEqual(blocks[0], {
      kind: 'gap',
      gap: {
        title: 'Statement statistics, rule slow-statement',
        message: 'There is no pg_stat_statements.',
        nextStep: 'Create it.',
        fix: { title: 'Create it', sql: `CREATE ${quoted};`, undoSql: null, undoNote: null, risk: 'None.' },
      },
    });
    assert.deepEqual(blocks[1], { kind: 'text', text: 'Switched off in the settings: unused-index.' });
    assert.equal(blocks.length, 2);
  });

  it('writes figures once with their unit, and moments as all moments', () => {
    const [block] = section('findings-high')?.blocks ?? [];
    assert.ok(block?.kind === 'finding');
    assert.deepEqual(block.finding.evidence, [
      ['index scans', '0'],
      ['hit ratio', '50%'],
      [oddName, oddName],
      ['statistics since', '2026-11-20 10:11 UTC'],
    ]);
  });

  it('never takes what is not known for met, and draws no bar for it', () => {
    const [block] = section('targets')?.blocks ?? [];
    assert.ok(block?.kind === 'targets');
    assert.deepEqual(
      block.targets.map(({ statusLabel, current, scale }) => [statusLabel, current, scale]),
      [
        ['missed', '50%', { current: 0.5, target: 0.95 }],
        ['not known', '–', null],
      ],
    );
  });

  it('says in place of a missing section that it is missing', () => {
    const without = toReportDocument({ ...report, tables: null, indexes: null, statements: null, connections: null });
    for (const id of ['tables', 'indexes', 'statements', 'connections']) {
      assert.deepEqual(without.sections.find((each) => each.id === id)?.blocks, [
        { kind: 'text', text: 'It could not be looked at; the reason is below.' },
      ]);
    }
  });
});
