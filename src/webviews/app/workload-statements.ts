// The statements of a workload with what becomes of each, the largest change first. A thousand of them are drawn a hundred
// at a time.
import { html, nothing, type TemplateResult } from 'lit';
import { formatCompactCount, formatCount } from '../../analysis/format/numbers';
import { describeSaving } from '../../analysis/index-advice/text/describe-saving';
import type { ShownStatement, WorkloadView } from '../workload-protocol';
import { icon } from './icon';
import { formatCost } from './workload-indexes';
import { renderLink } from './workload-link';

export const fates = ['all', 'winner', 'loser', 'unaffected'] as const;
export type ShownFate = (typeof fates)[number];

const fateWords: Readonly<Record<ShownFate, string>> = {
  all: 'All',
  winner: 'Cheaper',
  loser: 'Dearer',
  unaffected: 'Unaffected',
};
const fateIcons: Readonly<Record<ShownStatement['fate'], string>> = {
  winner: 'arrow-down',
  loser: 'arrow-up',
  unaffected: 'dash',
  unknown: 'question',
};

const shownAtOnce = 100;

const change = ({ costBefore, costAfter, calls }: ShownStatement) =>
  Math.abs((costBefore ?? 0) - (costAfter ?? 0)) * (calls ?? 1);

export class WorkloadStatements {
  readonly #onChange: (fate: ShownFate | null) => void;
  #fate: ShownFate;
  #shown = shownAtOnce;

  /** `onChange` is told the choice; null when only more rows are wanted. */
  constructor(fate: ShownFate, onChange: (fate: ShownFate | null) => void) {
    this.#fate = fate;
    this.#onChange = onChange;
  }

  render({ statements, areCallsCounted }: WorkloadView): TemplateResult | typeof nothing {
    const advised = statements.filter(({ fate }) => fate !== 'unknown');
    if (advised.length === 0) return nothing;
    const ordered = advised
      .filter(({ fate }) => this.#fate === 'all' || fate === this.#fate)
      .sort((a, b) => change(b) - change(a));
    const rows = ordered.slice(0, this.#shown);
    const count = (fate: ShownFate) => advised.filter((each) => fate === 'all' || each.fate === fate).length;
    return html`<section aria-labelledby="statements-title" data-section="statements">
      <h2 id="statements-title">Statements <span class="count">${advised.length}</span></h2>
      <div class="fates" role="group" aria-label="Which statements">
        ${fates.map(
          (fate) =>
            html`<button
              type="button"
              class="fate"
              data-fate=${fate}
              aria-pressed=${fate === this.#fate}
              @click=${() => {
                this.#fate = fate;
                this.#shown = shownAtOnce;
                this.#onChange(fate);
              }}
            >
              ${fateWords[fate]} <span class="count">${count(fate)}</span>
            </button>`,
        )}
      </div>
      ${
        rows.length === 0
          ? html`<p class="note">No statement is among these.</p>`
          : html`<div class="scroll">
              <table class="statements">
                <thead>
                  <tr>
                    <th scope="col">statement</th>
                    ${areCallsCounted ? html`<th scope="col" class="figure">calls</th>` : nothing}
                    <th scope="col" class="figure">cost before</th>
                    <th scope="col" class="figure">after</th>
                    <th scope="col" class="figure">change</th>
                  </tr>
                </thead>
                <tbody>
                  ${rows.map((row) => renderRow(row, areCallsCounted))}
                </tbody>
              </table>
            </div>`
      }
      ${
        ordered.length > rows.length
          ? html`<vscode-button
              secondary
              data-action="more"
              @click=${() => {
                this.#shown += shownAtOnce;
                this.#onChange(null);
              }}
              >Show ${formatCount(Math.min(shownAtOnce, ordered.length - rows.length))} More of
              ${formatCount(ordered.length - rows.length)}</vscode-button
            >`
          : nothing
      }
    </section>`;
  }
}

function renderRow(
  { id, place, calls, fate, costBefore, costAfter }: ShownStatement,
  areCallsCounted: boolean,
): TemplateResult {
  return html`<tr data-fate=${fate} data-statement=${id}>
    <td>${renderLink(id)}${place === null ? nothing : html`<span class="muted place">${place}</span>`}</td>
    ${areCallsCounted ? html`<td class="figure">${formatCompactCount(calls)}</td>` : nothing}
    <td class="figure">${formatCost(costBefore ?? 0)}</td>
    <td class="figure">${formatCost(costAfter ?? 0)}</td>
    <td class="figure change-${fate}">
      ${icon(fateIcons[fate])}${
        fate === 'unaffected' || costBefore === null || costAfter === null
          ? 'unaffected'
          : describeSaving(costBefore, costAfter)
      }
    </td>
  </tr>`;
}
