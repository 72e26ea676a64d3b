/** The n8n node: menus, fields and execution all come from the table of operations; no rule lives here. */
import type { IExecuteFunctions, INodeExecutionData, INodeType, INodeTypeDescription } from 'n8n-workflow';
import { CUSTOMER_ADMIN } from '../host/admin-token';
import { testOnboardingState, testPartnerApp } from '../host/credential-tests';
import { MAIN, optionsField, propertiesOf } from '../host/description';
import { listSearch } from '../host/list-search';
import { runItems } from '../host/run-items';
import { findAccounts, findAdmins, findCertificates } from './resources/locators';
import { NEEDS_NO_CREDENTIAL, OPERATIONS, RESOURCES } from './resources/operations';

export class M365Onboarding implements INodeType {
  description: INodeTypeDescription = {
    displayName: 'M365 Onboarding',
    name: 'm365Onboarding',
    icon: { light: 'file:m365Onboarding.svg', dark: 'file:m365Onboarding.dark.svg' },
    group: ['transform'],
    version: 1,
    // In words: the values themselves are written together, as in "getStatus".
    subtitle: '={{($parameter["operation"] + ": " + $parameter["resource"]).replace(/([A-Z])/g, " $1").toLowerCase()}}',
    description: "Onboard customers' Microsoft 365 tenants for backup",
    defaults: { name: 'M365 Onboarding' },
    usableAsTool: true,
    inputs: [MAIN],
    outputs: [MAIN],
    credentials: [
      { name: 'm365PartnerApp', displayName: 'M365 Partner App', required: true, testedBy: 'testPartnerApp', displayOptions: { hide: { operation: [...NEEDS_NO_CREDENTIAL] } } },
      { name: 'm365OnboardingState', displayName: 'M365 Onboarding State', required: true, testedBy: 'testOnboardingState', displayOptions: { hide: { operation: [...NEEDS_NO_CREDENTIAL] } } },
      // n8n's own; the customer's admin signs in with it.
      { name: CUSTOMER_ADMIN, displayName: "Customer's Admin (Microsoft Entra ID)", required: false, displayOptions: { show: { resource: ['consent', 'customerApp'], operation: ['register', 'adopt', 'remove', 'grant', 'revoke'] } } },
    ],
    // Of Impersonation: Issue, when it is asked to output the code. Whoever has that within a minute acts as the customer's
    // admin. n8n 2.41.1 reads this nowhere and stores the code, so the operation does not output it unless it is told to.
    sensitiveOutputFields: ['code'],
    properties: [...propertiesOf(RESOURCES, OPERATIONS), optionsField()],
  };

  methods = {
    credentialTest: { testPartnerApp, testOnboardingState },
    listSearch: { searchAccounts: listSearch(findAccounts), searchAdmins: listSearch(findAdmins), searchCertificates: listSearch(findCertificates) },
  };

  async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
    return runItems(this, OPERATIONS);
  }
}
