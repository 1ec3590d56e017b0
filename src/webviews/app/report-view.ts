// The whole report view: the grade on top, the sections to the left, the report beside them. What is scrolled to is kept
// over a reload of the window.
import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import type { ReportDocument, ReportSection } from '../../analysis/format/report-document';
import type { ReportViewMessage } from '../report-protocol';
import { loadState, onMessage, saveState, sendRequest } from './host';
import { icon } from './icon';
import { LightElement } from './light-element';
import { renderBlocks, type FixActions } from './report-blocks';

/** A section counts as read when its title has passed this far below the top, pixels. */
const readingLine = 48;

const actions: FixActions = {
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

@customElement('report-view')
export class ReportView extends LightElement {
  @state() private report: ReportDocument | null = null;
  @state() private notice: string | null = null;
  @state() private unavailable: string | null = null;
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
          this.notice = message.notice;
          this.unavailable = null;
          break;
        case 'unavailable':
          this.unavailable = message.reason;
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
    saveState({ top: main.scrollTop });
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
    const { report } = this;
    if (this.unavailable !== null) return html`<p class="empty">${this.unavailable}</p>`;
    if (report === null) return html`<p class="empty" role="status">Waiting for the report.</p>`;
    return html`
      ${
        this.refreshing
          ? html`<vscode-progress-bar class="progress" label="Looking at the server"></vscode-progress-bar>`
          : nothing
      }
      ${this.renderHeader(report)}
      <div class="columns">
        <nav aria-label="Sections">
          <ul>
            ${report.sections.map((section) => this.renderLink(section))}
          </ul>
        </nav>
        <main tabindex="-1" @scroll=${this.onScroll}>
          ${
            this.notice === null
              ? nothing
              : html`<p class="notice" role="alert">${icon('warning')}<span>${this.notice}</span></p>`
          }
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

  private renderHeader({ title, subtitle, grade, gradeReason }: ReportDocument): TemplateResult {
    return html`<header>
      <div class="grade" data-grade=${grade} role="img" aria-label="Grade: ${grade}">${grade}</div>
      <div class="titles">
        <h1>${title}</h1>
        <p>${gradeReason}</p>
        <p class="muted">${subtitle}</p>
      </div>
      <div class="actions">
        <vscode-button
          secondary
          ?disabled=${this.refreshing}
          @click=${() => {
            sendRequest({ type: 'refresh' });
          }}
          >Refresh</vscode-button
        >
        <vscode-button
          @click=${() => {
            sendRequest({ type: 'export' });
          }}
          >Export...</vscode-button
        >
      </div>
    </header>`;
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
