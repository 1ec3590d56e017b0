// Which statement a command means: the selection in any file, else the one at the cursor of an SQL file; and the way
// back from an offset in it to the document.
import * as vscode from 'vscode';
import { findStatementAt, splitStatements, type StatementRange } from '../analysis/sql/split-statements';
import { isSqlLanguage, readSelectedSql } from './source-text';

export interface StatementTarget {
  document: vscode.TextDocument;
  /** Where the statement stands, from its first token to its last one. */
  range: vscode.Range;
  sql: string;
  /** UTF-16 offset in `sql` -> UTF-16 offset in the document. */
  toDocumentOffset: (offset: number) => number;
  /** A name for the plan's tab: the comment "-- name: x" above it, else its first words. */
  title: string;
}

/** Comments that name a query, as sqlc, yesql and their kind write them. */
const nameComment = /^\s*--\s*name\s*:\s*:?([\w.-]+)/m;
const titleLength = 40;

export function toTitle(comments: string, sql: string): string {
  const name = nameComment.exec(comments)?.[1];
  if (name !== undefined) return name;
  const line = sql.replaceAll(/\s+/g, ' ').trim();
  return line.length <= titleLength ? line : `${line.slice(0, titleLength).trimEnd()}…`;
}

function toTarget(
  document: vscode.TextDocument,
  text: string,
  statement: StatementRange,
  toOffset: (offset: number) => number,
): StatementTarget {
  const sql = text.slice(statement.start, statement.end);
  const toDocumentOffset = (offset: number) => toOffset(statement.start + offset);
  return {
    document,
    range: new vscode.Range(
      document.positionAt(toDocumentOffset(0)),
      document.positionAt(toDocumentOffset(sql.length - 1) + 1),
    ),
    sql,
    toDocumentOffset,
    title: toTitle(text.slice(statement.leadingStart, statement.start), sql),
  };
}

export function findStatements(document: vscode.TextDocument): StatementTarget[] {
  const text = document.getText();
  return splitStatements(text).map((statement) => toTarget(document, text, statement, (offset) => offset));
}

export function findStatementAtOffset(document: vscode.TextDocument, offset: number): StatementTarget | null {
  const text = document.getText();
  const statement = findStatementAt(text, offset);
  return statement === null ? null : toTarget(document, text, statement, (each) => each);
}

/** Every statement in the selection, or the one at the cursor of an SQL file; empty when there is none. */
export function findSelectedStatements(editor: vscode.TextEditor): StatementTarget[] {
  const { document, selection } = editor;
  if (selection.isEmpty) {
    if (!isSqlLanguage(document.languageId)) return [];
    const target = findStatementAtOffset(document, document.offsetAt(selection.active));
    return target === null ? [] : [target];
  }
  const selected = readSelectedSql(document.getText(selection), document.languageId);
  const start = document.offsetAt(selection.start);
  return splitStatements(selected.sql).map((statement) =>
    toTarget(document, selected.sql, statement, (offset) => start + selected.toSourceOffset(offset)),
  );
}
