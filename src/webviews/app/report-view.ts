// The whole report view: the grade on top, the sections to the left, the report beside them. What is scrolled to is kept
// over a reload of the window.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { ReportDocument, ReportSection } from '../../analysis/format/report-document';
import { formatDateTime } from '../../analysis/format/date-time';
import type { ReportViewMessage } from '../report-protocol';
import { renderEnvironmentFact } from './environment-fact';
import { loadState, onMessage, saveState, sendRequest } from './host';
import { icon } from './icon';
import { LightElement } from './light-element';
import { renderBlocks, type ReportActions } from './report-blocks';

/** A section counts as read when its title has passed this far below the top, pixels. */
const readingLine = 48;

const actions: ReportActions = {
  onFinding: (fingerprint, action) => {
    sendRequest({ type: 'finding', fingerprint, action });
  },
  copySql: (sql) => {
    sendRequest({ type: 'copy-sql', sql });
  },
  openSql: (sql) => {
    sendRequest({ type: 'open-sql', sql });
  },
};

function loadScrollTop(): number {
  const kept = loadState();
  const top = typeof kept === 'object' && kept !== null && 'top' in kept ? kept.top : 0;
  return typeof top === 'number' ? top : 0;
}

type ShownConnection = Extract<ReportViewMessage, { type: 'report' }>['connection'];

@customElement('report-view')
export class ReportView extends LightElement {
  @state() private report: ReportDocument | null = null;
  @state() private connection: ShownConnection | null = null;
  @state() private notice: string | null = null;
  @state() private unavailable: { reason: string; canRefresh: boolean } | null = null;
  @state() private refreshing = false;
  @state() private currentSection = '';
  @query('main') private readonly main!: HTMLElement | null;
  /** Scrolled to when the first report is there; then null. */
  private keptTop: number | null = loadScrollTop();

  override connectedCallback(): void {
    super.connectedCallback();
    onMessage((message: ReportViewMessage) => {
      switch (message.type) {
        case 'report':
          this.report = message.document;
          this.connection = message.connection;
          this.notice = message.notice;
          this.unavailable = null;
          break;
        case 'unavailable':
          this.unavailable = { reason: message.reason, canRefresh: message.profileId !== null };
          if (message.profileId !== null) saveState({ documentId: message.profileId, top: 0 });
          break;
        case 'refreshing':
          this.refreshing = message.refreshing;
          break;
      }
    });
    sendRequest({ type: 'ready' });
  }

  protected override updated(changed: PropertyValues): void {
    if (!changed.has('report') || this.main === null) return;
    if (this.keptTop !== null) this.main.scrollTop = this.keptTop;
    this.keptTop = null;
    this.followScroll(this.main);
  }

  private readonly onScroll = (event: Event) => {
    if (event.target instanceof HTMLElement) this.followScroll(event.target);
  };

  private followScroll(main: HTMLElement): void {
    saveState({ documentId: this.connection?.profileId, top: main.scrollTop });
    const top = main.getBoundingClientRect().top + readingLine;
    const passed = [...main.querySelectorAll('section')].filter((each) => each.getBoundingClientRect().top <= top);
    const isAtEnd = main.scrollTop > 0 && main.scrollTop + main.clientHeight >= main.scrollHeight - 1;
    const section = isAtEnd ? main.querySelector('section:last-of-type') : passed.at(-1);
    this.currentSection = section?.id ?? this.report?.sections[0]?.id ?? '';
  }

  private goTo(event: Event, id: string): void {
    event.preventDefault();
    const section = this.querySelector(`section[id="${id}"]`);
    // scrollIntoView() would move the workbench around the webview, too
    if (section !== null && this.main !== null) {
      this.main.scrollTop += section.getBoundingClientRect().top - this.main.getBoundingClientRect().top;
    }
    // reading goes on there, for the keyboard and for screen readers
    section?.querySelector('h2')?.focus({ preventScroll: true });
    this.currentSection = id;
  }

  protected override render(): TemplateResult {
    const { report, connection } = this;
    const progress = this.refreshing
      ? html`<vscode-progress-bar class="progress" label="Looking at the server"></vscode-progress-bar>`
      : nothing;
    if (this.unavailable !== null) {
      const { reason, canRefresh } = this.unavailable;
      return html`${progress}
        <div class="empty">
          <p>${reason}</p>
          ${canRefresh ? this.renderRefresh(true) : nothing}
        </div>`;
    }
    if (report === null || connection === null) {
      return html`<p class="empty" role="status">Waiting for the report.</p>`;
    }
    return html`
      ${progress} ${this.renderHeader(report, connection)}
      <div class="columns">
        <nav aria-label="Sections">
          <ul>
            ${report.sections.map((section) => this.renderLink(section))}
          </ul>
        </nav>
        <main tabindex="-1" @scroll=${this.onScroll}>
          ${connection.state === 'removed' ? renderNotice(removedNotice(connection.name)) : nothing}
          ${this.notice === null ? nothing : renderNotice(this.notice)}
          ${report.sections.map(
            ({ id, title, blocks }) =>
              html`<section id=${id} aria-labelledby="${id}-title">
                <h2 id="${id}-title" tabindex="-1">${title}</h2>
                ${renderBlocks(blocks, actions)}
              </section>`,
          )}
        </main>
      </div>
    `;
  }

  private renderHeader(
    { title, grade, gradeReason, server, version, role, capturedAt }: ReportDocument,
    { name, environment, state }: ShownConnection,
  ): TemplateResult {
    return html`<header>
      <div class="grade" data-grade=${grade} role="img" aria-label="Grade: ${grade}">${grade}</div>
      <div class="titles">
        <h1>${title}</h1>
        <p>${gradeReason}</p>
        <ul class="facts" aria-label="About this report">
          ${renderEnvironmentFact(environment)}
          <li data-fact="connection" title="Connection ${name}">
            ${icon('database')}${name}${state === 'connected' ? nothing : html` (${stateWords[state]})`}
          </li>
          <li data-fact="server">${server}, PostgreSQL ${version}</li>
          <li data-fact="role" title="Role that looked at it">${icon('account')}${role}</li>
          <li data-fact="captured-at" title=${capturedAt}>${icon('history')}Read ${formatDateTime(capturedAt)}</li>
        </ul>
      </div>
      <div class="actions">
        ${this.renderRefresh(state !== 'removed')}
        <vscode-button
          @click=${() => {
            sendRequest({ type: 'export' });
          }}
          >Export...</vscode-button
        >
      </div>
    </header>`;
  }

  private renderRefresh(isPossible: boolean): TemplateResult {
    return html`<vscode-button
      secondary
      ?disabled=${this.refreshing || !isPossible}
      @click=${() => {
        sendRequest({ type: 'refresh' });
      }}
      >Refresh</vscode-button
    >`;
  }

  private renderLink({ id, title, count }: ReportSection): TemplateResult {
    const isCurrent = id === this.currentSection;
    return html`<li>
      <a
        href="#${id}"
        aria-current=${isCurrent ? 'true' : 'false'}
        @click=${(event: Event) => {
          this.goTo(event, id);
        }}
        ><span>${title}</span>${count === null ? nothing : html`<span class="count">${count}</span>`}</a
      >
    </li>`;
  }
}

const stateWords: Record<Exclude<ShownConnection['state'], 'connected'>, string> = {
  'not-connected': 'not connected',
  removed: 'removed',
};

const removedNotice = (name: string) =>
  `The connection "${name}" was removed. This is what was read of it last, and it can still be exported; for a new report add the connection again, or open the report of another one.`;

function renderNotice(notice: string): TemplateResult {
  return html`<p class="notice" role="alert">${icon('warning')}<span>${notice}</span></p>`;
}
