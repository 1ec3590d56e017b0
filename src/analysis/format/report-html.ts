// The report as one HTML file that needs nothing else: no script, no font, no address. It is read on a screen, in light
// and dark, and printed.
import type { ReportBlock, ReportDocument, ReportFinding } from './report-document';
import { reportStyle } from './report-style';

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => escapes[character] ?? character);

export function formatReportHtml(document: ReportDocument): string {
  const links = document.sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`);
  const sections = document.sections.map(
    ({ id, title, blocks }) =>
      `<section id="${id}">\n<h2>${escapeHtml(title)}</h2>\n${blocks.map(formatBlock).join('\n')}\n</section>`,
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
<div class="grade" data-grade="${escapeHtml(document.grade)}">${escapeHtml(document.grade)}</div>
<div>
<h1>${escapeHtml(document.title)}</h1>
<p>${escapeHtml(document.subtitle)}</p>
<p>${escapeHtml(document.gradeReason)}</p>
</div>
</header>
<nav><ul>${links.join('')}</ul></nav>
<main>
${sections.join('\n')}
</main>
</body>
</html>
`;
}

function formatBlock(block: ReportBlock): string {
  switch (block.kind) {
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`;
    case 'table': {
      const cell = (tag: 'th' | 'td', text: string, index: number) =>
        `<${tag}${block.columns[index]?.align === 'right' ? ' class="figure"' : ''}>${escapeHtml(text)}</${tag}>`;
      const head = block.columns.map(({ title }, index) => cell('th', title, index)).join('');
      const rows = block.rows.map((row) => `<tr>${row.map((text, index) => cell('td', text, index)).join('')}</tr>`);
      return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
    }
    case 'bars': {
      // SVG, since a width in a style attribute would need a policy that allows inline styles of elements
      const bars = block.bars.map(
        ({ label, ratio, text }) =>
          `<li><span class="label" title="${escapeHtml(label)}">${escapeHtml(label)}</span><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="${(ratio * 100).toFixed(2)}" height="10"/></svg><span class="figure">${escapeHtml(text)}</span></li>`,
      );
      return `<figure><figcaption>${escapeHtml(block.title)}</figcaption><ul class="bars">\n${bars.join('\n')}\n</ul></figure>`;
    }
    case 'finding':
      return formatFinding(block.finding);
  }
}

function formatFinding({ severity, ruleId, message, advice, evidence, fix }: ReportFinding): string {
  const paragraph = (text: string | null) => (text === null ? '' : `<p>${escapeHtml(text)}</p>`);
  const sql = (title: string, statements: string | null) =>
    statements === null ? '' : `<p>${escapeHtml(title)}</p><pre>${escapeHtml(statements)}</pre>`;
  const figures = evidence.map(([label, value]) => `<dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd>`);
  return [
    `<article class="finding ${severity}">`,
    `<h3>${escapeHtml(message)}</h3>`,
    `<p class="rule">${escapeHtml(ruleId)}</p>`,
    figures.length === 0 ? '' : `<dl>${figures.join('')}</dl>`,
    paragraph(advice),
    ...(fix === null ? [] : [sql(`${fix.title}. ${fix.risk}`, fix.sql), sql('To take it back:', fix.undoSql)]),
    '</article>',
  ]
    .filter((part) => part !== '')
    .join('\n');
}
