import type { ObjectRef } from '../finding';
import { quoteName, quoteQualifiedName } from '../sql/identifiers';

/** What a finding is about as SQL would name it; also what an ignore list names objects by. */
export function formatObjectName(ref: ObjectRef): string {
  switch (ref.kind) {
    case 'relation':
    case 'index':
    case 'sequence':
      return quoteQualifiedName(ref.schema, ref.name);
    case 'constraint':
      return `${quoteQualifiedName(ref.schema, ref.table)}.${quoteName(ref.name)}`;
    case 'role':
    case 'database':
    case 'setting':
    case 'extension':
      return quoteName(ref.name);
    case 'statement':
      return `statement ${ref.queryId}`;
    case 'session':
      return `pid ${ref.pid}`;
    case 'plan-node':
      return `node ${ref.nodeId}`;
    case 'server':
    case 'machine':
      return ref.kind;
  }
}
