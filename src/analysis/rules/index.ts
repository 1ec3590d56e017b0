// The one ordered list of health rules; findings of equal severity are shown in this order.
import type { HealthRule } from '../rule';

export const healthRules: readonly HealthRule[] = [];
