import type { Plan } from '../plan/plan';
import type { IndexAdviceFacts } from './index-advice-facts';

/** A statement as the server would run it today, with what is known of the tables in it. */
export interface PlannedStatement {
  plan: Plan;
  facts: IndexAdviceFacts;
}
