// The report as one HTML file that needs nothing else: no script, no font, no address. It is read on a screen, in light
// and dark, and printed.
import {
  severityTitles,
  type ReportBar,
  type ReportBlock,
  type ReportDocument,
  type ReportFinding,
  type ReportFix,
  type ReportTarget,
} from './report-document';
import { reportStyle } from './report-style';
import type { TextColumn } from './text-table';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

export function formatReportHtml(document: ReportDocument): string {
  const links = document.sections.map(
    ({ id, title, count }) =>
      `<li><a href="#${id}">${escapeHtml(title)}</a>${count === null ? '' : ` <span class="count">${count}</span>`}</li>`,
  );
  const sections = document.sections.map(
    ({ id, title, blocks }) =>
      `<section id="${id}" aria-labelledby="${id}-title">\n<h2 id="${id}-title">${escapeHtml(title)}</h2>\n${formatBlocks(blocks)}\n</section>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.title)}</title>
<style>
${reportStyle}</style>
</head>
<body>
<header>
<div class="grade" data-grade="${escapeHtml(document.grade)}"><span class="unseen">Grade: </span>${escapeHtml(document.grade)}</div>
<div>
<h1>${escapeHtml(document.title)}</h1>
<p class="reason">${escapeHtml(document.gradeReason)}</p>
<p>${escapeHtml(document.subtitle)}</p>
</div>
</header>
<nav aria-label="Sections"><ul>${links.join('')}</ul></nav>
<main>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

/** Charts that follow each other stand side by side where there is room. */
function formatBlocks(blocks: readonly ReportBlock[]): string {
  const parts: string[] = [];
  let charts: string[] = [];
  const endCharts = () => {
    if (charts.length > 0) parts.push(`<div class="charts">\n${charts.join('\n')}\n</div>`);
    charts = [];
  };
  for (const block of blocks) {
    if (block.kind === 'bars') {
      charts.push(formatBars(block.title, block.bars));
    } else {
      endCharts();
      parts.push(formatBlock(block));
    }
  }
  endCharts();
  return parts.join('\n');
}

const alignClasses: Record<TextColumn['align'], string> = {
  left: '',
  right: ' class="figure"',
  prose: ' class="prose"',
};

function formatTable(
  columns: readonly TextColumn[],
  /** Cells are HTML already. */
  rows: readonly (readonly string[])[],
): string {
  const open = (tag: 'th' | 'td', index: number) =>
    `<${tag}${tag === 'th' ? ' scope="col"' : ''}${alignClasses[columns[index]?.align ?? 'left']}>`;
  const head = columns.map(({ title }, index) => `${open('th', index)}${escapeHtml(title)}</th>`).join('');
  const body = rows.map((row) => `<tr>${row.map((cell, index) => `${open('td', index)}${cell}</td>`).join('')}</tr>`);
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}

// SVG, since a width in a style attribute would need a policy that allows inline styles of elements
function formatBars(title: string, bars: readonly ReportBar[]): string {
  const items = bars.map(
    ({ label, ratio, text }) =>
      `<li><span class="label" title="${escapeHtml(label)}">${escapeHtml(label)}</span><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="${toPercent(ratio)}" height="10"/></svg><span class="figure">${escapeHtml(text)}</span></li>`,
  );
  return `<figure><figcaption>${escapeHtml(title)}</figcaption><ul class="bars">\n${items.join('\n')}\n</ul></figure>`;
}

const toPercent = (ratio: number) => (ratio * 100).toFixed(2);

const targetColumns: readonly TextColumn[] = [
  { title: 'figure', align: 'left' },
  { title: 'status', align: 'left' },
  { title: 'current', align: 'right' },
  { title: 'target', align: 'right' },
  { title: '', align: 'left' },
];

const statusSigns: Record<ReportTarget['status'], string> = { met: '✓', missed: '✗', unknown: '?' };

function formatTarget({ title, target, current, status, statusLabel, scale }: ReportTarget): string[] {
  const chart =
    scale === null
      ? ''
      : `<svg class="${status}" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="value" y="2" width="${toPercent(scale.current)}" height="6"/><rect class="mark" x="${toPercent(Math.min(0.99, scale.target))}" width="1" height="10"/></svg>`;
  return [
    escapeHtml(title),
    `<span class="status ${status}">${statusSigns[status]} ${escapeHtml(statusLabel)}</span>`,
    escapeHtml(current),
    escapeHtml(target),
    chart,
  ];
}

function formatBlock(block: Exclude<ReportBlock, { kind: 'bars' }>): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'figures': {
      const figures = block.figures.map(
        ({ label, value, note }) =>
          `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>${note === null ? '' : `<dd class="note">${escapeHtml(note)}</dd>`}</div>`,
      );
      return `<dl class="figures">\n${figures.join('\n')}\n</dl>`;
    }
    case 'targets':
      return `<div class="targets">${formatTable(targetColumns, block.targets.map(formatTarget))}</div>`;
    case 'table':
      return formatTable(
        block.columns,
        block.rows.map((row) => row.map(escapeHtml)),
      );
    case 'finding':
      return formatFinding(block.finding);
    case 'gap': {
      const { title, message, nextStep, fix } = block.gap;
      return `<article class="gap">\n<h3>${escapeHtml(title)}</h3>\n<p>${escapeHtml(`${message} ${nextStep}`)}</p>\n${formatFix(fix)}</article>`;
    }
  }
}

function formatFix(fix: ReportFix | null): string {
  if (fix === null) return '';
  const { title, risk, sql, undoSql, undoNote } = fix;
  const undo = undoSql === null ? '' : `<p>To take it back:</p>\n<pre>${escapeHtml(undoSql)}</pre>\n`;
  const note = undoNote === null ? '' : `<p>${escapeHtml(undoNote)}</p>\n`;
  return `<p><strong>${escapeHtml(title)}.</strong> ${escapeHtml(risk)}</p>\n<pre>${escapeHtml(sql)}</pre>\n${undo}${note}`;
}

function formatFinding({ severity, ruleId, message, advice, evidence, fix }: ReportFinding): string {
  const figures = evidence.map(
    ([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return [
    `<article class="finding ${severity}">`,
    `<h3>${escapeHtml(message)}</h3>`,
    `<p class="rule"><span class="severity">${escapeHtml(severityTitles[severity])}</span> ${escapeHtml(ruleId)}</p>`,
    figures.length === 0 ? '' : `<dl>${figures.join('')}</dl>`,
    advice === null ? '' : `<p>${escapeHtml(advice)}</p>`,
    formatFix(fix),
    '</article>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}
