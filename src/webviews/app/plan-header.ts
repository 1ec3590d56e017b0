// What was run, where and when.
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { formatDateTime } from '../../analysis/format/date-time';
import type { OpenedPlan, PlanDocument } from '../protocol';
import { renderEnvironmentFact } from './environment-fact';
import { icon } from './icon';
import { LightElement } from './light-element';

@customElement('plan-header')
export class PlanHeader extends LightElement {
  @property({ attribute: false }) document!: PlanDocument | OpenedPlan;
  @property({ type: Boolean }) expanded = false;

  private readonly onToggle = () => {
    this.tell('toggle-statement', !this.expanded);
  };

  protected override render(): TemplateResult {
    const { document } = this;
    return html`
      ${document.sql === null ? nothing : this.renderStatement(document.sql)}
      ${document.connection === null ? renderOrigin(document) : renderRunFacts(document)}
    `;
  }

  private renderStatement(sql: string): TemplateResult {
    const oneLine = sql.replace(/\s+/g, ' ').trim();
    return html`<div class="statement">
      <button
        class="statement-toggle"
        type="button"
        aria-expanded=${this.expanded ? 'true' : 'false'}
        aria-label="Statement"
        aria-controls="statement-text"
        @click=${this.onToggle}
      >
        ${icon(this.expanded ? 'chevron-down' : 'chevron-right')}
      </button>
      ${
        this.expanded
          ? html`<pre id="statement-text" class="statement-text" tabindex="0" aria-label="Statement">
${sql.trim()}</pre>`
          : html`<code id="statement-text" class="statement-line" title=${sql.trim()} @click=${this.onToggle}
              >${oneLine}</code
            >`
      }
    </div>`;
  }
}

/** Of a plan that was run here. */
function renderRunFacts({ parameters, result, connection, analyzed }: PlanDocument): TemplateResult {
  return html`<ul class="facts" aria-label="About this plan">
    ${renderEnvironmentFact(connection.environment)}
    <li data-fact="connection" title="Connection ${connection.name}">
      ${icon('database')}${result.server} / ${result.database}
    </li>
    <li data-fact="version">PostgreSQL ${result.serverVersion}</li>
    <li data-fact="ran-at" title=${result.ranAt}>
      ${icon('history')}${analyzed ? 'Ran' : 'Planned'} ${formatDateTime(result.ranAt)}
    </li>
    ${
      parameters === null
        ? nothing
        : html`<li class="parameters" data-fact="parameters" title=${parameters}>
            ${icon('symbol-parameter')}<span>${parameters}</span>
          </li>`
    }
    ${
      result.rolledBack
        ? html`<li
            data-fact="rolled-back"
            title="The statement could write: it was run in a transaction that was rolled back"
          >
            ${icon('discard')}Rolled back
          </li>`
        : nothing
    }
  </ul>`;
}

/** Of a text that a plan was read from, or should have been. */
export function renderOrigin({ from }: { from: string }): TemplateResult {
  return html`<ul class="facts" aria-label="About this plan">
    <li data-fact="from" title="Read from ${from}; PG Insight did not run it">${icon('file')}from ${from}</li>
  </ul>`;
}
