// Whether a text looks as if EXPLAIN had printed it, told from its beginning: for a button, not for reading. What a plan's
// lines begin with is asked for, so that programs and prose that quote a plan do not look like one.

/** Characters that are looked at: a log's first plan may stand behind some entries, and a plan behind its statement. */
export const planHeadLength = 8192;

const marks: readonly RegExp[] = [
  // psql and pgAdmin
  /^[ \t|│"]*QUERY PLAN[ \t|│"]*$/m,
  // text: "Sort  (cost=1.00..2.00 rows=3 width=4) (actual ...", and without costs
  /^[ \t|│"]*(?:-> {2})?[A-Z][^\n]*? \((?:cost=[\d.]+ rows=\d|actual (?:time|rows)=[\d.])/m,
  // JSON; its quotes are doubled by pgAdmin and in CSV, and escaped in a log of JSON
  /\\?"{1,2}Plan\\?"{1,2}\s*:\s*(?:\\n\s*)?\{\s*(?:\\n\s*)?\\?"{1,2}Node Type\\?"/,
  // YAML and XML
  /^[ \t]*(?:- )?Plan: *\n\s+Node Type: /m,
  /<Plan>\s*<Node-Type>/,
  // auto_explain
  /duration: [\d.]+ ms {2}plan:/,
];

export function looksLikePlan(head: string): boolean {
  const text = head.slice(0, planHeadLength).replaceAll('\r\n', '\n');
  return marks.some((mark) => mark.test(text));
}
