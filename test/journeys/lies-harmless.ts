/** Why a lie that the product does not notice does no harm. */
import type { LieId } from '../../src/sandbox/index';

export const HARMLESS: Partial<Readonly<Record<LieId, string>>> = {
};
