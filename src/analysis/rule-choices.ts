// The setting pgInsight.rules: "off", or the options that differ from a rule's defaults, by the rule's id.
import type { IgnoreEntry } from './parse-ignore-list';
import type { AnalyzeOptions } from './analyze';

export type RuleSettings = Readonly<Record<string, unknown>>;

export function toAnalyzeOptions(rules: RuleSettings, ignore: readonly IgnoreEntry[]): AnalyzeOptions {
  const entries = Object.entries(rules);
  return {
    disabled: entries.flatMap(([id, choice]) => (choice === 'off' ? [id] : [])),
    options: Object.fromEntries(entries.filter(([, choice]) => choice !== 'off')),
    ignore,
  };
}
