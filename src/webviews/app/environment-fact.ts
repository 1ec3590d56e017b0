import { html, type TemplateResult } from 'lit';
import type { Environment } from '../../analysis/connection/connection-profile';

/** The editor's own words. */
const environmentWords: Record<Environment, string> = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
};

/** The badge that begins the facts of each view. */
export function renderEnvironmentFact(environment: Environment): TemplateResult {
  return html`<li
    class="environment environment-${environment}"
    data-fact="environment"
    title="Environment of this connection"
  >
    ${environmentWords[environment]}
  </li>`;
}
