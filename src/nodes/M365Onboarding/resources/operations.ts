/** Every resource and operation the node offers, in the order of its menus. */
import type { INodePropertyOptions } from 'n8n-workflow';
import type { Operation } from '../../host/operation';
import { explainErrorCode } from './onboarding/explain-error-code.operation';

export const RESOURCES: readonly INodePropertyOptions[] = [{ name: 'Onboarding', value: 'onboarding' }];

export const OPERATIONS: readonly Operation[] = [explainErrorCode];

/** Operations that read nothing but this package, so that they run without a credential. */
export const NEEDS_NO_CREDENTIAL: readonly string[] = [explainErrorCode.option.value];
