// A statement before and after an index was made for it: what came of it in a sentence, the figures, and both plans row
// by row. Everything is text and tables; what differs has a mark and a word besides its colour.
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import {
  formatBytes,
  formatCount,
  formatMs,
  formatQuantity,
  formatRatio,
  missing,
} from '../../analysis/format/numbers';
import { comparePlans, usesIndex, type ComparedFigure, type ComparedNode } from '../../analysis/plan/compare-plans';
import type { PlanNode } from '../../analysis/plan/plan';
import { measureExpectedCosts, nodeConditions } from '../../analysis/plan/plan-tree';
import type { ComparisonDocument, ComparisonMessage, ComparisonRequest } from '../protocol';
import { onMessage, saveState, sendRequest } from './host';
import { icon } from './icon';
import { LightElement } from './light-element';
import { nodeName, toRowWords } from './node-text';
import './plan-header';

/** VS Code's own tree indent. */
const indentPx = 8;

const changeMarks: Record<ComparedNode['change'], { icon: string; word: string } | null> = {
  same: null,
  changed: { icon: 'diff-modified', word: 'Changed' },
  added: { icon: 'diff-added', word: 'New' },
  removed: { icon: 'diff-removed', word: 'Gone' },
};

@customElement('compare-view')
export class CompareView extends LightElement {
  @state() private document: ComparisonDocument | null = null;
  @state() private unavailable: string | null = null;
  @state() private running = false;
  @state() private statementExpanded = false;

  override connectedCallback(): void {
    super.connectedCallback();
    onMessage((message: ComparisonMessage) => {
      switch (message.type) {
        case 'comparison':
          this.document = message.document;
          saveState({ documentId: message.documentId });
          break;
        case 'unavailable':
          this.unavailable = message.reason;
          break;
        case 'running':
          this.running = message.running;
          break;
      }
    });
    sendRequest({ type: 'ready' });
  }

  private readonly request = (request: ComparisonRequest) => () => {
    sendRequest(request);
  };

  protected override render(): TemplateResult {
    if (this.unavailable !== null) return html`<p class="empty-note" role="alert">${this.unavailable}</p>`;
    if (this.document === null) return html`<p class="empty-note" role="status">Loading comparison...</p>`;
    const { before, after, index, undo, undone } = this.document;
    const comparison = comparePlans(before.result.plan, after.result.plan);
    const { rows, cost, executionMs, changes } = comparison;
    const isUsed = usesIndex(after.result.plan, index.name, index.isPartitioned);
    const isThere = undo !== null;
    const canMeasure = isThere && !undone && before.analyzed && !after.analyzed;
    const sides: Sides = isThere ? ['Before', 'After'] : ['Without Index', 'With Index'];
    return html`
      <div class="view comparison">
        ${
          this.running
            ? html`<vscode-progress-bar class="progress" indeterminate aria-label="Working"></vscode-progress-bar>`
            : nothing
        }
        <header class="view-header">
          <div class="title-line">
            <h1 title=${after.title}>
              ${isThere ? 'Before and After' : 'Planned With and Without Index'}: ${after.title}
            </h1>
            ${
              after.source === null
                ? nothing
                : html`<div class="actions" role="toolbar" aria-label="Comparison actions">
                    <button
                      class="toolbar-button"
                      type="button"
                      title="Go to SQL"
                      aria-label="Go to SQL"
                      @click=${this.request({ type: 'reveal-sql' })}
                    >
                      ${icon('go-to-file')}
                    </button>
                  </div>`
            }
          </div>
          <plan-header
            .document=${after}
            .expanded=${this.statementExpanded}
            @toggle-statement=${(event: CustomEvent<boolean>) => {
              this.statementExpanded = event.detail;
            }}
          ></plan-header>
          ${renderVerdict(this.document, isUsed, changes)}
          <table class="figures" aria-label="Figures before and after">
            <thead>
              <tr>
                <td></td>
                <th scope="col">${sides[0]}</th>
                <th scope="col">${sides[1]}</th>
                <th scope="col">Change</th>
              </tr>
            </thead>
            <tbody>
              ${renderFigure('cost', "Planner's cost", cost, (value) => formatCount(Math.round(value)))}
              ${executionMs === null ? nothing : renderFigure('time', 'Execution time', executionMs, formatMs)}
            </tbody>
          </table>
          <p class="index-line">
            <code title=${index.definition}>${index.definition}</code>
            <span class="muted"
              >${
                index.durationMs === null
                  ? html`not
                    built${index.sizeBytes === null ? nothing : `; would take about ${formatBytes(index.sizeBytes)}`}`
                  : `${formatBytes(index.sizeBytes)}, built in ${formatMs(index.durationMs)}`
              }</span
            >
          </p>
          <div class="buttons">
            ${
              isThere
                ? html`<vscode-button
                    data-action="undo"
                    ?secondary=${isUsed}
                    ?disabled=${undone || this.running}
                    @click=${this.request({ type: 'undo' })}
                    >Undo: Drop Index...</vscode-button
                  >`
                : nothing
            }
            ${
              canMeasure
                ? html`<vscode-button
                    data-action="measure"
                    secondary
                    ?disabled=${this.running}
                    title="Run the statement with EXPLAIN ANALYZE, to compare its time with the one before"
                    @click=${this.request({ type: 'measure' })}
                    >Measure After</vscode-button
                  >`
                : nothing
            }
            <vscode-button
              data-action="plan-before"
              secondary
              @click=${this.request({ type: 'show-plan', which: 'before' })}
              >${isThere ? 'Plan Before' : 'Plan Without Index'}</vscode-button
            >
            <vscode-button
              data-action="plan-after"
              secondary
              @click=${this.request({ type: 'show-plan', which: 'after' })}
              >${isThere ? 'Plan After' : 'Plan With Index'}</vscode-button
            >
          </div>
        </header>
        <div class="compared-scroll" tabindex="0" role="region" aria-label="Both plans">
          ${renderPlans(rows, sides, {
            isTimed: executionMs !== null,
            expectedBefore: measureExpectedCosts(before.result.plan.nodes),
            expectedAfter: measureExpectedCosts(after.result.plan.nodes),
          })}
        </div>
      </div>
    `;
  }
}

function renderVerdict(
  { index, undo, undone }: ComparisonDocument,
  isUsed: boolean,
  changes: readonly string[],
): TemplateResult {
  const name = html`<strong>${index.name}</strong>`;
  if (undone) {
    return html`<p class="verdict" role="status" data-verdict="undone">
      ${icon('discard')}<span>The index ${name} has been dropped again.</span>
    </p>`;
  }
  if (undo === null) {
    return html`<p class="verdict ${isUsed ? 'verdict-used' : 'verdict-unused'}" role="status" data-verdict="planned">
      ${icon(isUsed ? 'beaker' : 'warning')}<span
        >Planned, not measured:
        ${isUsed ? html`the planner would use ${name}${formatChanges(changes)}` : html`the planner would not use ${name} for this statement`}.
        The index is not there, and nothing was run.</span
      >
    </p>`;
  }
  if (!isUsed) {
    return html`<p class="verdict verdict-unused" role="status" data-verdict="unused">
      ${icon('warning')}<span
        >The planner does not use ${name} for this statement. It takes ${formatBytes(index.sizeBytes)}, and every write
        keeps it up to date: undo it, unless other statements need it.</span
      >
    </p>`;
  }
  return html`<p class="verdict verdict-used" role="status" data-verdict="used">
    ${icon('pass')}<span>The planner uses ${name}${formatChanges(changes)}.</span>
  </p>`;
}

/** Of partitions, one stands for all; the rows below have each. */
function formatChanges([first, ...others]: readonly string[]): string {
  if (first === undefined) return '';
  return `: ${first}${others.length === 0 ? '' : `, and ${formatQuantity(others.length, 'more change')}`}`;
}

function renderFigure(
  id: string,
  label: string,
  { before, after }: ComparedFigure,
  format: (value: number) => string,
): TemplateResult {
  const show = (value: number | null) => (value === null ? missing : format(value));
  return html`<tr data-figure=${id}>
    <th scope="row">${label}</th>
    <td>${show(before)}</td>
    <td>${show(after)}</td>
    <td>${formatChange(before, after)}</td>
  </tr>`;
}

/** "99.8% less" */
function formatChange(before: number | null, after: number | null): string {
  if (before === null || after === null || before === 0) return missing;
  if (before === after) return 'the same';
  return after < before ? `${formatRatio(1 - after / before)} less` : `${formatRatio(after / before - 1)} more`;
}

interface ShownFigures {
  isTimed: boolean;
  /** What each node is expected to cost, by node id. */
  expectedBefore: readonly number[];
  expectedAfter: readonly number[];
}

/** Smaller differences come of the rounding of printed costs. */
const leastUnreadRatio = 0.001;

const isReadInPart = ({ totalCost }: PlanNode, expected: number | undefined) =>
  totalCost !== null && expected !== undefined && expected < totalCost * (1 - leastUnreadRatio);

/** What the two plans are called. */
type Sides = readonly [string, string];

function renderPlans(rows: readonly ComparedNode[], sides: Sides, figures: ShownFigures): TemplateResult {
  const { isTimed, expectedBefore, expectedAfter } = figures;
  const figure = html`<th scope="col" class="figure" title="The planner's cost of the node with all that is below it">
    Cost${isTimed ? html`<br />Time` : nothing}
  </th>`;
  const hasParts = rows.some(
    ({ before, after }) =>
      (before !== null && isReadInPart(before, expectedBefore[before.id])) ||
      (after !== null && isReadInPart(after, expectedAfter[after.id])),
  );
  return html`<table class="compared">
      <colgroup>
        <col class="mark" />
        <col />
        <col class="figure" />
        <col />
        <col class="figure" />
      </colgroup>
      <thead>
        <tr>
          <td></td>
          <th scope="colgroup" colspan="2">${sides[0]}</th>
          <th scope="colgroup" class="side" colspan="2">${sides[1]}</th>
        </tr>
        <tr>
          <td></td>
          <th scope="col">Operation</th>
          ${figure}
          <th scope="col" class="side">Operation</th>
          ${figure}
        </tr>
      </thead>
      <tbody>
        ${rows.map((row) => renderRow(row, figures))}
      </tbody>
    </table>
    ${
      hasParts
        ? html`<p class="parts-note muted">
            "of": the cost of the node read to its end. What is above it (a Limit, or a join that ends early) stops it
            before, so the planner expects to pay the part in front.
          </p>`
        : nothing
    }`;
}

function renderRow(
  { before, after, depthBefore, depthAfter, change }: ComparedNode,
  { isTimed, expectedBefore, expectedAfter }: ShownFigures,
): TemplateResult {
  const mark = changeMarks[change];
  return html`<tr class="change-${change}" data-change=${change}>
    <td class="mark">
      ${mark === null ? nothing : html`<span title=${mark.word} role="img" aria-label=${mark.word}>${icon(mark.icon)}</span>`}
    </td>
    ${renderNode(before, depthBefore, 'before', isTimed, expectedBefore)}
    ${renderNode(after, depthAfter, 'after', isTimed, expectedAfter)}
  </tr>`;
}

function renderNode(
  node: PlanNode | null,
  depth: number | null,
  side: 'before' | 'after',
  isTimed: boolean,
  expectedCosts: readonly number[],
): TemplateResult {
  if (node === null) return html`<td class="cell-${side} absent" colspan="2"></td>`;
  const { role, operation, target, condition } = toRowWords(node);
  const indent = `padding-left: ${(depth ?? 0) * indentPx}px`;
  const title = [nodeName(node), ...nodeConditions(node).map(([name, text]) => `${name}: ${text}`)].join('\n');
  return html`<td class="cell-${side}" title=${title}>
      <div class="compared-node" .style=${indent}>
        ${role === '' ? nothing : html`<span class="muted">${role}: </span>`}${operation}${renderBreakable(target)}
        ${condition === '' ? nothing : html`<div class="muted condition">${renderBreakable(condition)}</div>`}
      </div>
    </td>
    <td class="cell-${side} figure">
      ${renderCost(node, expectedCosts[node.id])} ${isTimed ? html`<div>${formatMs(node.totalMs)}</div>` : nothing}
    </td>`;
}

/** Names may be broken behind an underscore or a dot, which reads better than anywhere. */
function renderBreakable(text: string): TemplateResult[] {
  return text.split(/(?<=[_.])/).map((part) => html`${part}<wbr />`);
}

function renderCost(node: PlanNode, expected: number | undefined): TemplateResult {
  if (node.totalCost === null) return html`<div>${missing}</div>`;
  const whole = formatCount(Math.round(node.totalCost));
  if (expected === undefined || !isReadInPart(node, expected)) return html`<div>${whole}</div>`;
  return html`<div>${formatCount(Math.round(expected))}</div>
    <div class="muted part">of ${whole}</div>`;
}
