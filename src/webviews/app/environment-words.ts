import type { Environment } from '../../analysis/connection/connection-profile';

/** As the badge of a view says them; the editor's own words are the same. */
export const environmentWords: Record<Environment, string> = {
  development: 'Development',
  staging: 'Staging',
  production: 'Production',
};
