// Reads the fields that the server printed for a node, which are kept as they came.
import type { PlanNode } from './plan';

/** Any thing with printed fields: a node, one of its workers, a part of the whole. */
export interface WithFields {
  fields: Record<string, unknown>;
}

/** Longer than what a number holds exactly: parse-exact-json.ts leaves those as texts. */
const longInteger = /^-?\d{16,}$/;

/** Null for what is no number. */
export function toFigure(value: unknown): number | null {
  const isNumber = typeof value === 'number' || (typeof value === 'string' && longInteger.test(value));
  return isNumber && Number.isFinite(Number(value)) ? Number(value) : null;
}

/** A figure, or null when the server did not print it. A clock that was set back prints times below zero: they count as 0. */
export function numberField(of: WithFields, name: string): number | null {
  const figure = toFigure(of.fields[name]);
  return figure === null ? null : Math.max(0, figure);
}

export function textField(of: WithFields, name: string): string | null {
  const value = of.fields[name];
  return typeof value === 'string' ? value : null;
}

/** A text or a list of texts ("Sort Key"); empty when the server did not print it. */
export function textsField(of: WithFields, name: string): string[] {
  const value = of.fields[name];
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objectField(of: WithFields, name: string): WithFields | null {
  const value = of.fields[name];
  return isObject(value) ? { fields: value } : null;
}

export function objectsField(of: WithFields, name: string): WithFields[] {
  const value = of.fields[name];
  return Array.isArray(value) ? value.filter(isObject).map((fields) => ({ fields })) : [];
}

/** What each parallel worker did at this node, as far as the server says. */
export function workersOf(node: PlanNode): WithFields[] {
  return objectsField(node, 'Workers');
}
