// The blocks of a report as HTML. Every figure comes written out; lengths of bars are SVG attributes, since the page's
// policy lets no inline style pass.
import { html, nothing, svg, type TemplateResult } from 'lit';
import type { Severity } from '../../analysis/finding';
import type {
  ReportBar,
  ReportBlock,
  ReportFinding,
  ReportFix,
  ReportGap,
  ReportTarget,
} from '../../analysis/format/report-document';
import type { TextColumn } from '../../analysis/format/text-table';
import type { ReportViewRequest } from '../report-protocol';
import { icon } from './icon';
import { severityIcon, severityWord } from './severity';

type FindingAction = Extract<ReportViewRequest, { type: 'finding' }>['action'];

export interface ReportActions {
  onFinding: (fingerprint: string, action: FindingAction) => void;
  copySql: (sql: string) => void;
  openSql: (sql: string) => void;
}

/** Charts that follow each other stand side by side where there is room. */
export function renderBlocks(blocks: readonly ReportBlock[], actions: ReportActions): TemplateResult[] {
  const parts: TemplateResult[] = [];
  let charts: TemplateResult[] = [];
  const endCharts = () => {
    if (charts.length > 0) parts.push(html`<div class="charts">${charts}</div>`);
    charts = [];
  };
  for (const block of blocks) {
    if (block.kind === 'bars') {
      charts.push(renderBars(block.title, block.bars));
    } else {
      endCharts();
      parts.push(renderBlock(block, actions));
    }
  }
  endCharts();
  return parts;
}

function renderBlock(block: Exclude<ReportBlock, { kind: 'bars' }>, actions: ReportActions): TemplateResult {
  switch (block.kind) {
    case 'text':
      return html`<p class="note">${block.text}</p>`;
    case 'figures':
      return html`<dl class="figures">
        ${block.figures.map(
          ({ label, value, note }) =>
            html`<div>
              <dt>${label}</dt>
              <dd class="value">${value}</dd>
              ${note === null ? nothing : html`<dd class="muted">${note}</dd>`}
            </div>`,
        )}
      </dl>`;
    case 'targets':
      return renderTargets(block.targets);
    case 'table':
      return renderTable(block);
    case 'finding':
      return renderFinding(block.finding, actions);
    case 'gap':
      return renderGap(block.gap, actions);
  }
}

const alignClasses: Record<TextColumn['align'], string> = { left: '', right: 'figure', prose: 'prose' };

function renderTable({ columns, rows }: Extract<ReportBlock, { kind: 'table' }>): TemplateResult {
  const align = (index: number) => alignClasses[columns[index]?.align ?? 'left'];
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          ${columns.map(({ title }, index) => html`<th scope="col" class=${align(index)}>${title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell, index) => html`<td class=${align(index)}>${cell}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function renderBars(title: string, bars: readonly ReportBar[]): TemplateResult {
  return html`<figure>
    <figcaption>${title}</figcaption>
    <ul class="bars">
      ${bars.map(
        ({ label, ratio, text }) =>
          html`<li>
            <span class="label" title=${label}>${label}</span>
            <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
              ${svg`<rect width=${ratio * 100} height="8"></rect>`}
            </svg>
            <span class="figure">${text}</span>
          </li>`,
      )}
    </ul>
  </figure>`;
}

const statusIcons: Record<ReportTarget['status'], string> = {
  met: 'pass-filled',
  missed: 'warning',
  unknown: 'question',
};

function renderTargets(targets: readonly ReportTarget[]): TemplateResult {
  return html`<div class="scroll">
    <table class="targets">
      <thead>
        <tr>
          <th scope="col">figure</th>
          <th scope="col">status</th>
          <th scope="col" class="figure">current</th>
          <th scope="col" class="figure">target</th>
          <th aria-hidden="true"></th>
        </tr>
      </thead>
      <tbody>
        ${targets.map(
          ({ title, target, current, status, statusLabel, scale }) =>
            html`<tr>
              <td>${title}</td>
              <td class="status ${status}">${icon(statusIcons[status])}<span>${statusLabel}</span></td>
              <td class="figure">${current}</td>
              <td class="figure">${target}</td>
              <td aria-hidden="true">${scale === null ? nothing : renderScale(scale, status)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function renderScale(scale: { current: number; target: number }, status: string): TemplateResult {
  // a mark at the very end would be cut off
  const mark = Math.min(99, scale.target * 100);
  return html`<svg class="bar ${status}" viewBox="0 0 100 8" preserveAspectRatio="none">
    ${svg`<rect class="current" y="1" width=${scale.current * 100} height="6"></rect><rect class="mark" x=${mark} width="0.6" height="8"></rect>`}
  </svg>`;
}

const severityClass = (severity: Severity) => `severity-${severity}`;

function renderFinding(finding: ReportFinding, { onFinding }: ReportActions): TemplateResult {
  const { severity, ruleId, message, advice, evidence, fix, statement, fingerprint } = finding;
  const act = (action: FindingAction) => () => {
    onFinding(fingerprint, action);
  };
  return html`<article class="finding ${severityClass(severity)}" data-rule=${ruleId}>
    <h3>${icon(severityIcon(severity))}<span>${message}</span></h3>
    <p class="muted meta">
      ${severityWord(severity)} ·
      <button class="link" type="button" title="Show Documentation" @click=${act('show-documentation')}>
        ${ruleId}
      </button>
    </p>
    ${
      evidence.length === 0
        ? nothing
        : html`<dl class="evidence">
            ${evidence.map(
              ([label, value]) =>
                html`<div>
                  <dt>${label}</dt>
                  <dd>${value}</dd>
                </div>`,
            )}
          </dl>`
    }
    ${advice === null ? nothing : html`<p>${advice}</p>`}
    ${
      statement === null
        ? nothing
        : html`<div class="buttons">
            ${
              statement.explainObstacle === null
                ? html`<vscode-button
                    secondary
                    title="Plans the statement for unknown parameter values, without running it"
                    @click=${act('explain-statement')}
                    >Explain</vscode-button
                  >`
                : nothing
            }
            <vscode-button secondary @click=${act('open-statement')}>Open Statement</vscode-button>
          </div>`
    }
    ${fix === null ? nothing : renderFix(fix, act('copy-fix'), act('open-fix'))}
  </article>`;
}

function renderGap({ title, message, nextStep, fix }: ReportGap, { copySql, openSql }: ReportActions): TemplateResult {
  return html`<article class="gap">
    <h3>${icon('circle-slash')}<span>${title}</span></h3>
    <p>${message} ${nextStep}</p>
    ${
      fix === null
        ? nothing
        : renderFix(
            fix,
            () => {
              copySql(fix.sql);
            },
            () => {
              openSql(fix.sql);
            },
          )
    }
  </article>`;
}

function renderFix(
  { title, sql, undoSql, undoNote, risk }: ReportFix,
  onCopy: () => void,
  onOpen: () => void,
): TemplateResult {
  return html`<div class="fix">
    <div class="fix-head">
      <span>${title}</span>
      <button class="tool" type="button" title="Copy SQL" aria-label="Copy SQL: ${title}" @click=${onCopy}>
        ${icon('copy')}
      </button>
      <button class="tool" type="button" title="Open in Editor" aria-label="Open in Editor: ${title}" @click=${onOpen}>
        ${icon('go-to-file')}
      </button>
    </div>
    <pre>${sql}</pre>
    <p class="muted">${risk}</p>
    ${
      undoSql === null
        ? nothing
        : html`<details>
            <summary>To take it back</summary>
            <pre>${undoSql}</pre>
          </details>`
    }
    ${undoNote === null ? nothing : html`<p class="muted">${undoNote}</p>`}
  </div>`;
}
