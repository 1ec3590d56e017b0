// A toolbar button with a menu. The library's context menu has no roles and takes no focus, which screen readers need.
import { html, nothing, type TemplateResult } from 'lit';
import { customElement, property, queryAll, state } from 'lit/decorators.js';
import type { CopyFormat } from '../protocol';
import { LightElement } from './light-element';

const items: readonly (readonly [CopyFormat, string])[] = [
  ['text', 'Copy Plan as Text'],
  ['markdown', 'Copy Plan as Markdown'],
  ['json', 'Copy Plan as JSON'],
  ['sql', 'Copy Statement'],
];

@customElement('copy-menu')
export class CopyMenu extends LightElement {
  /** A plan that was read from a text may have none. */
  @property({ type: Boolean }) hasStatement = false;
  @state() private open = false;
  @queryAll('[role=menuitem]') private readonly entries!: NodeListOf<HTMLElement>;

  private get items() {
    return items.filter(([format]) => format !== 'sql' || this.hasStatement);
  }

  private readonly onOutside = (event: Event) => {
    if (event.target instanceof Node && !this.contains(event.target)) this.close(false);
  };

  override disconnectedCallback(): void {
    window.removeEventListener('pointerdown', this.onOutside);
    window.removeEventListener('blur', this.onBlur);
    super.disconnectedCallback();
  }

  private readonly onBlur = () => {
    this.close(false);
  };

  private async show(): Promise<void> {
    this.open = true;
    window.addEventListener('pointerdown', this.onOutside);
    window.addEventListener('blur', this.onBlur);
    await this.updateComplete;
    this.entries[0]?.focus();
  }

  private close(restoreFocus: boolean): void {
    this.open = false;
    window.removeEventListener('pointerdown', this.onOutside);
    window.removeEventListener('blur', this.onBlur);
    if (restoreFocus) this.querySelector<HTMLElement>('button')?.focus();
  }

  private readonly onToggle = () => {
    if (this.open) this.close(true);
    else void this.show();
  };

  private choose(format: CopyFormat): void {
    this.close(true);
    this.tell('copy-plan', format);
  }

  private readonly onKeyDown = (event: KeyboardEvent) => {
    const entries = [...this.entries];
    const at = entries.findIndex((entry) => entry === document.activeElement);
    const step = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (step !== undefined) entries.at(step % entries.length)?.focus();
    else if (event.key === 'Escape') this.close(true);
    else if (event.key === 'Tab') this.close(false);
    else return;
    if (event.key !== 'Tab') event.preventDefault();
    event.stopPropagation();
  };

  protected override render(): TemplateResult {
    return html`
      <button
        class="toolbar-button"
        type="button"
        title="Copy..."
        aria-label="Copy"
        aria-haspopup="menu"
        aria-expanded=${this.open ? 'true' : 'false'}
        @click=${this.onToggle}
      >
        <span class="codicon codicon-copy" aria-hidden="true"></span
        ><span class="codicon codicon-chevron-down dropdown-arrow" aria-hidden="true"></span>
      </button>
      ${
        this.open
          ? html`<div class="menu" role="menu" aria-label="Copy" @keydown=${this.onKeyDown}>
              ${this.items.map(
                ([format, label]) =>
                  html`<div
                    class="menu-item"
                    role="menuitem"
                    tabindex="-1"
                    data-format=${format}
                    @click=${() => {
                      this.choose(format);
                    }}
                    @keydown=${(event: KeyboardEvent) => {
                      if (event.key !== 'Enter' && event.key !== ' ') return;
                      // or the button, which gets the focus back, would be pressed as well
                      event.preventDefault();
                      this.choose(format);
                    }}
                  >
                    ${label}
                  </div>`,
              )}
            </div>`
          : nothing
      }
    `;
  }
}
