/** jose, for the adapters that read and write JSON Web Signatures; loaded with the first of them. */
import { onFirstUse } from './first-use';

export const loadJose = onFirstUse(() => import('jose'));
