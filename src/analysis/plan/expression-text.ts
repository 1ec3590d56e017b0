// Looks into deparsed expressions ("Filter", "Output", ...) without parsing SQL: only the tokens by which PostgreSQL
// refers to an InitPlan or SubPlan, and texts with their literals taken out.
import { textsField, type WithFields } from './fields';

const quoted = /[eE]?'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"/g;
/** Whole tokens, so that $1 is not found in $10, nor InitPlan 1 in InitPlan 10. `$n` up to PostgreSQL 16, names from 17. */
const reference = /(?<![\w$])\$\d+(?!\w)|\b(?:hashed )?(?:InitPlan|SubPlan) \w+/g;
/** Names are printed as they are, without quotes, and may look like anything. */
const nameField = /(?:Name|Alias|Schema)$/;

/** References to InitPlans and SubPlans in all of a node's expressions: "$0", "InitPlan 1", "SubPlan 2", "hashed SubPlan 2". */
export function planReferences(node: WithFields): Set<string> {
  const found = new Set<string>();
  for (const name of Object.keys(node.fields)) {
    if (nameField.test(name)) continue;
    for (const text of textsField(node, name)) {
      if (!text.includes('$') && !text.includes('Plan ')) continue;
      for (const [token] of text.replace(quoted, "''").matchAll(reference)) found.add(token);
    }
  }
  return found;
}

/** The tokens by which expressions refer to an InitPlan or SubPlan, from its "Subplan Name". */
export function referenceTokens(subplanName: string): string[] {
  // up to 16: "InitPlan 1 (returns $0,$1)"; expressions hold $0 and $1, never the name
  const returned = / \(returns ([^)]*)\)$/.exec(subplanName)?.[1];
  if (returned === undefined) return [subplanName];
  return returned.split(',').map((token) => token.trim());
}

/** An expression with its literals replaced by ?, so that two runs with other values look the same. */
export function withoutLiterals(expression: string): string {
  return expression
    .replace(/'(?:[^'\\]|''|\\.)*'(?:::(?:"[^"]*"|[\w ]+(?:\(\d+(?:,\d+)?\))?)(?:\[\])?)?/g, '?')
    .replace(/(?<![\w$."])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w"])/gi, '?');
}
