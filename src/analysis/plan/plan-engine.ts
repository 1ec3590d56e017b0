// A bundle of its own (docs/decisions/0008-three-main-bundles.md): the readers of plans in every format, and the rules on
// plans. Whoever shows no plan does not load it.
export { analyzePlan } from './analyze-plan';
export { findPlans, parseAnyPlan } from './parse-any-plan';
export { PlanReadError } from './parse-plan';
