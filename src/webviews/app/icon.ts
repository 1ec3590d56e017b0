import { html, type TemplateResult } from 'lit';

/** A codicon; what it means is said in words beside it or in a label around it. */
export function icon(name: string, className = ''): TemplateResult {
  return html`<span class="codicon codicon-${name} ${className}" aria-hidden="true"></span>`;
}
