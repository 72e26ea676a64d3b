/** Answers that are one object: select, expand, and the context that says so. */
import { contextUrl, refuseCollectionOptions, type Answer, type Call } from './call';
import { readExpansion } from './expand';
import { project, type TypeName, type Wire } from './select';
import { tellRow } from '../lies/graph';
import { tell } from '../lies/truth';

/** The answer to a read of one object. `collection` is the path of its collection, as contexts write it. */
export function readSingle(call: Call, collection: string, type: TypeName, view: Wire, defaults?: readonly string[]): Answer {
  const { select } = call.query;
  refuseCollectionOptions(call.query);
  const expansion = readExpansion(call, type);
  const names = [...(select ?? []), ...(expansion === undefined ? [] : [`${expansion.name}()`])];
  const context = names.length === 0 ? collection : `${collection}(${names.join(',')})`;
  const related = expansion === undefined ? {} : { [expansion.name]: expansion.for(String(view.id), call.world.asOf('graph.get')) };
  return {
    status: 200,
    body: { '@odata.context': contextUrl(call, `${context}/$entity`), ...tellRow(call.world, project(view, tell(call.world, 'L-SELECT-IGNORED', select, () => undefined), type, defaults, call.world)), ...related },
    ...(expansion === undefined ? {} : { ruleId: 'G-EXPAND' }),
  };
}
