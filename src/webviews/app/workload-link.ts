import { html, type TemplateResult } from 'lit';
import { sendRequest } from './host';

/** A statement's name, which leads to its place in the file or to its text. */
export function renderLink(id: string): TemplateResult {
  return html`<button
    class="link"
    type="button"
    title="Show Statement"
    @click=${() => {
      sendRequest({ type: 'open-statement', id });
    }}
  >
    ${id}
  </button>`;
}
