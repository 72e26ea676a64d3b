/**
 * What one operation of a node is: its place in the menus, its fields, and a function from parameters to plain data.
 * Types only, so that an operation file knows n8n by shape and nothing of it at run time.
 */
import type { INodeProperties, INodePropertyOptions } from 'n8n-workflow';
import type { Installation, OperatorOnboarding, PartnerApp, Secret, WebResponse } from '../../core/index';

/** The one item an operation works on. Reading a parameter the node does not declare is n8n's error, not ours. */
export interface ItemParameters {
  /** A text parameter or a chosen list entry, trimmed; empty when it was left empty. */
  text(name: string): string;
  /** The same; undefined when it was left empty. */
  optionalText(name: string): string | undefined;
  /** Raises `INPUT_INVALID` when it was left empty. */
  requiredText(name: string): string;
  /** A password: as it was typed, spaces included; undefined when it was left empty. */
  optionalSecret(name: string): Secret | undefined;
  /** Undefined when it was left empty. Raises `INPUT_INVALID` when it is no number. */
  optionalNumber(name: string): number | undefined;
  flag(name: string): boolean;
  /** JSON as n8n hands it over: text, or already read. Raises `INPUT_INVALID` when it was left empty. */
  requiredJson(name: string): unknown;
}

/** What an operation works with. Whoever acts is already bound: an operation cannot choose. */
export interface Workplace {
  readonly onboarding: OperatorOnboarding;
  readonly certificates: Installation['certificates'];
  readonly customerApps: Installation['customerApps'];
  /** The partner's own apps, as the credential declares them. */
  readonly apps: readonly PartnerApp[];
  /** For the calls that take the operator as an argument. */
  readonly operatorId: string;
  readonly signal: AbortSignal | undefined;
}

/** Who started the execution by a call and waits for what this answers. */
export interface Caller {
  answer(response: WebResponse): Promise<void>;
}

/** A file that leaves with an item. */
export interface ItemFile {
  readonly bytes: Uint8Array;
  readonly fileName: string;
  readonly mimeType: string;
}

export interface ItemFiles {
  /** The binary data in this field of the incoming item. Raises n8n's own error when there is none, `PFX_TOO_LARGE`. */
  readonly readFile: (field: string) => Promise<Uint8Array>;
  /** Put a file beside the output, in this field. */
  readonly attachFile: (field: string, file: ItemFile) => Promise<void>;
}

/** The workplace of one item of an execution. */
export interface ItemWorkplace extends Workplace, ItemFiles {
  /** Raises n8n's own error unless an authenticated caller waits for the answer to this one item. */
  readonly requireCaller: () => Caller;
  /** The access token of the customer's admin; undefined when the node has no credential for it. Raises `CUSTOMER_APP_TOKEN_MISSING`. */
  readonly adminToken: () => Promise<Secret | undefined>;
}

/** The value of another field of the same node, for lists that depend on it; empty while nothing is chosen. */
export type OtherField = (name: string) => string;

/** One output item, or one per entry of a list. Instants (numbers named `…At` or `since`) leave as ISO 8601 text. */
export type OperationResult = object | readonly object[];

interface OperationPlace {
  /** Value of the Resource menu this belongs to. */
  readonly resource: string;
  /** Its entry in the Operation menu; `value` is what workflows store, so it never changes. */
  readonly option: INodePropertyOptions & { readonly value: string };
  /** Fields shown for this operation only; the `displayOptions` are added by the node. */
  readonly fields: readonly INodeProperties[];
}

/** Answers from this package alone and needs no credential. */
export interface OfflineOperation extends OperationPlace {
  readonly kind: 'offline';
  execute(parameters: ItemParameters): Promise<OperationResult>;
}

/** `read` changes nothing, anywhere; `effect` is refused to an AI agent. */
export interface InstalledOperation extends OperationPlace {
  readonly kind: 'read' | 'effect';
  execute(parameters: ItemParameters, work: ItemWorkplace): Promise<OperationResult>;
}

export type Operation = OfflineOperation | InstalledOperation;
