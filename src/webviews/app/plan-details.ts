// Everything about the selected node; without one, about the statement as a whole.
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { classMap } from 'lit/directives/class-map.js';
import { formatCount, formatMs, formatQuantity, formatRatio } from '../../analysis/format/numbers';
import type { Finding } from '../../analysis/finding';
import type { Plan, PlanNode } from '../../analysis/plan/plan';
import type { PlanMissingIndex } from '../protocol';
import { toCreateIndex } from './advised-finding';
import { describeEstimate } from './columns';
import { toFieldGroups, toLine, toObjectLines, toWorkerTable, type FieldLine } from './field-groups';
import { renderFinding } from './finding-item';
import { LightElement } from './light-element';
import { toNodeWords } from './node-text';

@customElement('plan-details')
export class PlanDetails extends LightElement {
  @property({ attribute: false }) plan!: Plan;
  @property({ attribute: false }) missingIndex: PlanMissingIndex | null = null;
  @property({ attribute: false }) selected: number | null = null;
  @property({ attribute: false }) findings: readonly Finding[] = [];

  protected override render(): TemplateResult {
    const node = this.selected === null ? undefined : this.plan.nodes[this.selected];
    return html`<section class="details" tabindex="0" aria-label="Details">
      ${node === undefined ? this.renderStatement() : this.renderNode(node)}
    </section>`;
  }

  private renderNode(node: PlanNode): TemplateResult {
    const { role, operation, target } = toNodeWords(node);
    const { executionMs } = this.plan;
    const share = executionMs === null || executionMs === 0 || node.selfMs === null ? null : node.selfMs / executionMs;
    const summary = node.neverExecuted
      ? 'This node was never executed.'
      : node.selfMs === null
        ? null
        : `${formatMs(node.selfMs)} in this node itself${share === null ? '' : `, ${formatRatio(Math.min(1, share))} of the execution time`}.`;
    return html`
      <h2>
        ${role === '' ? nothing : html`<span class="node-role">${role}</span>`}${operation}<span class="node-target"
          >${target}</span
        >
      </h2>
      <div class="summary">
        ${summary === null ? nothing : html`<p data-detail="time">${summary}</p>`}
        ${node.neverExecuted ? nothing : html`<p data-detail="estimate">${describeEstimate(node)}</p>`}
        ${node.disabled ? html`<p data-detail="disabled">Taken although an enable_* setting forbids it.</p>` : nothing}
      </div>
      ${this.renderFindings()}
      <div class="groups">
        ${toFieldGroups(node).map(({ id, title, lines }) => renderGroup(id, title, renderFields(lines)))}
        ${this.renderWorkers(node)}
      </div>
    `;
  }

  private renderFindings(): TemplateResult | typeof nothing {
    if (this.findings.length === 0) return nothing;
    return renderGroup(
      'findings',
      this.findings.length === 1 ? 'Finding' : 'Findings',
      html`<ul class="finding-list">
        ${this.findings.map(
          (finding) =>
            html`<li class="finding" data-rule=${finding.ruleId}>
              ${renderFinding(finding, {
                copyFix: ({ fingerprint }) => {
                  this.tell('copy-fix', fingerprint);
                },
                createIndex: toCreateIndex(finding, this.plan, this.missingIndex, () => {
                  this.tell('create-index');
                }),
              })}
            </li>`,
        )}
      </ul>`,
    );
  }

  private renderWorkers(node: PlanNode): TemplateResult | typeof nothing {
    const workers = toWorkerTable(node);
    if (workers === null) return nothing;
    return renderGroup('workers', 'Each Worker', renderTable(workers.columns, workers.rows));
  }

  private renderStatement(): TemplateResult {
    const { plan } = this;
    const { planningMs, executionMs, outside } = plan;
    const times = [
      ['Planning Time', planningMs],
      ['Execution Time', executionMs],
      ['JIT Time, All Processes', outside.jitMs],
      ['Serialization Time', outside.serializationMs],
    ] as const;
    const settings = Object.entries(plan.settings).map(([name, value]) => toLine(name, value));
    const fields = Object.entries(plan.fields);
    const others = fields.filter(([, value]) => !isObject(value)).map(([name, value]) => toLine(name, value));
    const executed = plan.nodes.filter(({ neverExecuted }) => !neverExecuted).length;
    const nodes =
      executed === plan.nodes.length
        ? formatQuantity(plan.nodes.length, 'node')
        : `${formatQuantity(plan.nodes.length, 'node')}, ${plan.nodes.length - executed} never executed`;
    return html`
      <h2>Statement</h2>
      <div class="summary"><p>${nodes}. Select one to see its details.</p></div>
      ${this.renderFindings()}
      <div class="groups">
        ${renderLines(
          'timing',
          'Time',
          times.flatMap(([name, ms]) => (ms === null ? [] : [{ ...toLine(name, ms), value: formatMs(ms) }])),
        )}
        ${plan.triggers.length === 0 ? nothing : this.renderTriggers()}
        ${renderLines('settings', 'Planner Settings Changed', settings)}
        ${fields.map(([name, value]) => (isObject(value) ? renderLines(name, name, toObjectLines(value)) : nothing))}
        ${renderLines('other', 'Other', others)}
      </div>
    `;
  }

  private renderTriggers(): TemplateResult {
    const rows = this.plan.triggers.map(({ name, relation, calls, totalMs, insidePlan }) => [
      relation === null ? name : `${name} on ${relation}`,
      formatCount(calls),
      formatMs(totalMs),
      insidePlan ? 'inside the plan' : 'after the plan',
    ]);
    return renderGroup('triggers', 'Triggers', renderTable(['Trigger', 'Calls', 'Time', 'When'], rows));
  }
}

function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): TemplateResult {
  return html`<div class="table-scroller">
    <table>
      <thead>
        <tr>
          ${columns.map((name) => html`<th scope="col">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((value) => html`<td>${value}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A section that opens and closes like those of a VS Code view. */
function renderGroup(id: string, title: string, content: TemplateResult): TemplateResult {
  return html`<details class="group" open data-group=${id}>
    <summary>${title}</summary>
    ${content}
  </details>`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function renderLines(id: string, title: string, lines: readonly FieldLine[]): TemplateResult | typeof nothing {
  return lines.length === 0 ? nothing : renderGroup(id, title, renderFields(lines));
}

function renderFields(lines: readonly FieldLine[]): TemplateResult {
  return html`<dl class="fields">
    ${lines.map(
      ({ label, value, isCode, isNothing }) =>
        html`<div class=${classMap({ field: true, code: isCode, nothing: isNothing })}>
          <dt>${label}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}
