/** The n8n node: menus, fields and execution all come from the table of operations; no rule lives here. */
import type { IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';
import { MAIN, propertiesOf } from '../host/description';
import { runItems } from '../host/run-items';
import { NEEDS_NO_CREDENTIAL, OPERATIONS, RESOURCES } from './resources/operations';

export class M365Onboarding implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'M365 Onboarding',
    name: 'm365Onboarding',
    icon: { light: 'file:m365Onboarding.svg', dark: 'file:m365Onboarding.dark.svg' },
    group: ['transform'],
    version: 1,
    subtitle: '={{$parameter["operation"] + ": " + $parameter["resource"]}}',
    description: "Onboard customers' Microsoft 365 tenants for backup",
    defaults: { name: 'M365 Onboarding' },
    usableAsTool: true,
    inputs: [MAIN],
    outputs: [MAIN],
    credentials: [{ name: 'm365PartnerApp', required: true, displayOptions: { hide: { operation: [...NEEDS_NO_CREDENTIAL] } } }],
    properties: propertiesOf(RESOURCES, OPERATIONS),
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return runItems(this, OPERATIONS);
  }
}
