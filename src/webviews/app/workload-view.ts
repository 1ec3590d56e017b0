// The whole view of a workload's index advice: what it would gain on top, the budget's slider, the indexes, the statements
// with what becomes of each, what could be dropped, and what could not be advised.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { formatDateTime } from '../../analysis/format/date-time';
import { formatBytes, formatCompactCount, formatCount, formatQuantity, missing } from '../../analysis/format/numbers';
import { describeSaving } from '../../analysis/index-advice/text/describe-saving';
import type { WorkloadView as View, WorkloadViewMessage } from '../workload-protocol';
import { renderBudget } from './workload-budget';
import { renderEnvironmentFact } from './environment-fact';
import { loadState, onMessage, saveState, sendRequest } from './host';
import { icon } from './icon';
import { renderLink } from './workload-link';
import { LightElement } from './light-element';
import { formatCost, renderIndexes } from './workload-indexes';
import { fates, WorkloadStatements, type ShownFate } from './workload-statements';

const engineWords: Readonly<Record<View['engine'], string>> = {
  sandbox: "PostgreSQL's planner, in a local sandbox with the server's definitions and statistics",
  hypopg: 'HypoPG on the server',
  statistics: "the planner's formulas, from statistics",
};

interface KeptState {
  documentId: string;
  top: number;
  fate: ShownFate;
}

function loadKept(): KeptState {
  const kept = loadState();
  const record = typeof kept === 'object' && kept !== null ? (kept as Partial<Record<keyof KeptState, unknown>>) : {};
  return {
    documentId: typeof record.documentId === 'string' ? record.documentId : '',
    top: typeof record.top === 'number' ? record.top : 0,
    fate: fates.find((each) => each === record.fate) ?? 'all',
  };
}

@customElement('workload-view')
export class WorkloadView extends LightElement {
  @state() private view: View | null = null;
  @state() private unavailable: string | null = null;
  @state() private running: { what: string; canCancel: boolean } | null = null;
  /** Percent of the slider while it is moved; null: as the host says. */
  @state() private moved: number | null = null;
  @query('main') private readonly main!: HTMLElement | null;
  private kept = loadKept();
  private isScrolled = false;
  private readonly statements = new WorkloadStatements(this.kept.fate, (fate) => {
    if (fate !== null) this.keep({ fate });
    this.requestUpdate();
  });

  override connectedCallback(): void {
    super.connectedCallback();
    onMessage((message: WorkloadViewMessage) => {
      switch (message.type) {
        case 'workload':
          this.view = message.view;
          this.moved = null;
          this.keep({ documentId: message.documentId });
          break;
        case 'unavailable':
          this.unavailable = message.reason;
          break;
        case 'running':
          this.running = message.what === null ? null : { what: message.what, canCancel: message.canCancel };
          break;
      }
    });
    sendRequest({ type: 'ready' });
  }

  private keep(change: Partial<KeptState>): void {
    this.kept = { ...this.kept, ...change };
    saveState(this.kept);
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('view') || this.main === null || this.isScrolled) return;
    this.isScrolled = true;
    this.main.scrollTop = this.kept.top;
  }

  protected override render(): TemplateResult {
    const { view } = this;
    if (this.unavailable !== null && view === null) return html`<p class="empty" role="alert">${this.unavailable}</p>`;
    if (view === null) return html`<p class="empty" role="status">Waiting for the advice.</p>`;
    return html`
      ${
        this.running === null
          ? nothing
          : html`<vscode-progress-bar class="progress" label=${this.running.what}></vscode-progress-bar>`
      }
      ${this.renderHeader(view)}
      <main
        tabindex="-1"
        @scroll=${(event: Event) => {
          if (event.target instanceof HTMLElement) this.keep({ top: event.target.scrollTop });
        }}
      >
        ${this.renderNotices(view)} ${this.renderSummary(view)}
        ${renderBudget(view, this.moved, this.running !== null, (percent) => {
          this.moved = percent;
        })}
        ${renderIndexes(view, this.running !== null)} ${this.statements.render(view)} ${this.renderDrops(view)}
        ${renderUnknown(view)}
        <section aria-labelledby="about-title">
          <h2 id="about-title">About this advice</h2>
          ${view.notes.map((note) => html`<p class="note">${note}</p>`)}
        </section>
      </main>
    `;
  }

  private renderHeader(view: View): TemplateResult {
    const { title, connection, server, serverVersion, database, role, madeAt } = view;
    const isBusy = this.running !== null;
    return html`<header>
      <div class="titles">
        <h1>Index advice: ${title}</h1>
        <p>${describeEngine(view)}</p>
        <ul class="facts" aria-label="About this advice">
          ${renderEnvironmentFact(connection.environment)}
          <li data-fact="connection" title="Connection ${connection.name}">${icon('database')}${connection.name}</li>
          <li data-fact="server">${database} on ${server}, PostgreSQL ${serverVersion}</li>
          <li data-fact="role" title="Role that planned it">${icon('account')}${role}</li>
          <li data-fact="made-at" title=${madeAt}>${icon('history')}Planned ${formatDateTime(madeAt)}</li>
        </ul>
      </div>
      <div class="actions">
        ${
          this.running === null
            ? nothing
            : html`<span class="running" role="status" title=${this.running.what}>${this.running.what}</span>`
        }
        ${
          this.running?.canCancel === true
            ? html`<vscode-button
                secondary
                data-action="cancel"
                @click=${() => {
                  sendRequest({ type: 'cancel' });
                }}
                >Cancel</vscode-button
              >`
            : html`<vscode-button
                secondary
                data-action="refresh"
                title="Plans the same statements on the server as it is now"
                ?disabled=${isBusy || connection.state === 'removed'}
                @click=${() => {
                  sendRequest({ type: 'refresh' });
                }}
                >Refresh</vscode-button
              >`
        }
        <vscode-button
          secondary
          data-action="export"
          @click=${() => {
            sendRequest({ type: 'export' });
          }}
          >Export...</vscode-button
        >
      </div>
    </header>`;
  }

  private renderNotices({ connection, engineNote, isComplete, engine }: View): TemplateResult[] {
    const notices = [
      connection.state === 'removed'
        ? `The connection "${connection.name}" was removed. This advice can still be read and exported; to apply it, ask again over another connection.`
        : null,
      engine === 'statistics' ? engineNote : null,
      isComplete ? null : 'The search was ended after three minutes: a better set of indexes may be there.',
    ];
    return notices.flatMap((notice) =>
      notice === null ? [] : [html`<p class="notice" role="status">${icon('warning')}<span>${notice}</span></p>`],
    );
  }

  private renderSummary(view: View): TemplateResult {
    const { summary, indexes, areCallsCounted, engine, engineNote } = view;
    const { costBefore, costAfter, meanRatio, fates: counts, sizeBytes, writeCost } = summary;
    const total = costBefore > 0 ? describeSaving(costBefore, costAfter) : missing;
    const figures: readonly (readonly [string, string, TemplateResult | string, string])[] = [
      [
        'total',
        `${capitalize(view.grade)} cost of the workload`,
        html`${formatCost(costBefore)} → ${formatCost(costAfter)} <strong>${total}</strong>`,
        areCallsCounted ? 'of all calls together' : 'each statement once',
      ],
      [
        'mean',
        'Geometric mean of the statements',
        html`<strong>${meanRatio === null ? missing : describeSaving(1, meanRatio)}</strong>`,
        'each statement counts the same',
      ],
      [
        'indexes',
        'Indexes to create',
        formatQuantity(indexes.length, 'index', 'indexes'),
        indexes.length === 0
          ? 'nothing is worth one'
          : `about ${formatBytes(sizeBytes)}${
              areCallsCounted && writeCost !== null && writeCost >= 1
                ? `, ${formatCost(writeCost)} of cost on writes`
                : ''
            }`,
      ],
      [
        'statements',
        'Statements',
        html`${formatCount(counts.winner)} cheaper, ${formatCount(counts.loser)} dearer`,
        `${formatCount(counts.unaffected)} unaffected, ${formatCount(counts.unknown)} not advised`,
      ],
    ];
    return html`<dl class="summary">
        ${figures.map(
          ([id, label, value, note]) =>
            html`<div data-figure=${id}>
              <dt>${label}</dt>
              <dd class="value">${value}</dd>
              <dd class="muted">${note}</dd>
            </div>`,
        )}
      </dl>
      ${engineNote === null || engine === 'statistics' ? nothing : html`<p class="note">${engineNote}</p>`}`;
  }

  private renderDrops({ drops, redundant, budget, indexes }: View): TemplateResult | typeof nothing {
    if (drops.length === 0 && redundant.length === 0) return nothing;
    const isBusy = this.running !== null || budget.bytes !== null;
    return html`<section aria-labelledby="drops-title" data-section="drops">
      <h2 id="drops-title">Could be dropped <span class="count">${drops.length}</span></h2>
      ${
        drops.length === 0
          ? nothing
          : html`<p class="note">
                None of these statements becomes dearer without them, all gone
                together${indexes.length === 0 ? '' : ' and the indexes above in place'}. Other statements may need
                them; see how often they were used.
              </p>
              <div class="scroll">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">index</th>
                      <th scope="col">table</th>
                      <th scope="col" class="figure">size</th>
                      <th scope="col" class="figure">scans</th>
                      <th scope="col"></th>
                    </tr>
                  </thead>
                  <tbody>
                    ${drops.map(
                      ({ schema, name, table, sizeBytes, scans, isDropped }) =>
                        html`<tr>
                          <td>${schema}.${name}</td>
                          <td>${table}</td>
                          <td class="figure">${formatBytes(sizeBytes)}</td>
                          <td class="figure">${formatCompactCount(scans)}</td>
                          <td class="figure">
                            ${
                              isDropped
                                ? html`<span class="muted">dropped</span>`
                                : html`<button
                                    class="tool"
                                    type="button"
                                    title="Drop Index..."
                                    aria-label="Drop index ${name}"
                                    ?disabled=${isBusy}
                                    @click=${() => {
                                      sendRequest({ type: 'drop', schema, name });
                                    }}
                                  >
                                    ${icon('trash')}
                                  </button>`
                            }
                          </td>
                        </tr>`,
                    )}
                  </tbody>
                </table>
              </div>`
      }
      ${redundant.map(
        ({ index, coveredBy, reason }) =>
          html`<p class="note">${index} would be a duplicate of ${coveredBy}: ${reason}</p>`,
      )}
    </section>`;
  }
}

const capitalize = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function describeEngine({ engine, grade }: View): string {
  const proof = grade === 'estimated' ? 'Estimated' : grade === 'planned' ? 'Planned' : 'Measured';
  return `${proof} by ${engineWords[engine]}. No statement was run, and nothing was built.`;
}

function renderUnknown({ statements }: View): TemplateResult | typeof nothing {
  const byReason = new Map<string, string[]>();
  for (const { id, fate, reason } of statements) {
    if (fate !== 'unknown') continue;
    const why = reason ?? 'The planner gave no cost.';
    byReason.set(why, [...(byReason.get(why) ?? []), id]);
  }
  if (byReason.size === 0) return nothing;
  const count = [...byReason.values()].reduce((sum, ids) => sum + ids.length, 0);
  const groups = [...byReason].sort(([, a], [, b]) => b.length - a.length);
  return html`<section aria-labelledby="unknown-title" data-section="unknown">
    <h2 id="unknown-title">Not advised <span class="count">${count}</span></h2>
    ${groups.slice(0, mostReasons).map(
      ([reason, ids]) =>
        html`<div class="reason">
          <p>${reason}</p>
          <ul>
            ${ids.slice(0, mostNamed).map((id) => html`<li>${renderLink(id)}</li>`)}
            ${
              ids.length > mostNamed
                ? html`<li class="muted">and ${formatCount(ids.length - mostNamed)} more for this reason</li>`
                : nothing
            }
          </ul>
        </div>`,
    )}
    ${
      groups.length > mostReasons
        ? html`<p class="note">
            And ${formatCount(groups.length - mostReasons)} other reasons: the export has them all.
          </p>`
        : nothing
    }
  </section>`;
}

/** More is read in the export. */
const mostReasons = 40;
const mostNamed = 10;
