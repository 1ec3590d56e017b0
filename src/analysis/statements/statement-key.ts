// Tells whether two texts are the same statement but for its constants: one of a file, and one as pg_stat_statements keeps
// it. Keywords and names in any case, white space, comments and the length of a list of constants make no difference.
import { lexSql } from '../sql/lex-sql';
import { stripPrepare } from './statement-text';

const constantWords = new Set(['true', 'false', 'null']);

export function toStatementKey(text: string): string {
  const statement = stripPrepare(text);
  const words = [...lexSql(statement)].flatMap(({ kind, start, end }) => {
    const word = statement.slice(start, end);
    switch (kind) {
      case 'comment':
        return [];
      case 'string':
      case 'number':
      case 'parameter':
        return ['$'];
      case 'word':
        return [constantWords.has(word.toLowerCase()) ? '$' : word.toLowerCase()];
      case 'quoted-identifier':
      case 'hole':
      case 'operator':
      case 'punctuation':
      case 'psql':
        return [word];
    }
  });
  if (words.at(-1) === ';') words.pop();
  return words.join(' ').replaceAll(/\$(?: , \$)+/g, '$');
}
