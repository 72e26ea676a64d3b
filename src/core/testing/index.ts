/** Contract suites for the ports a host may replace, and a clock that tests move by hand. Needs no test framework. */
export { createMovableClock } from './movable-clock';
export type { MovableClock, MovableClockOptions } from './movable-clock';
export { stateStoreContract } from './state-store-contract';
export type { ContractCheck, StateStoreContractOptions } from './state-store-contract';
export { tokenSourceContract } from './token-source-contract';
export type { TokenSourceContractOptions, TokenSourceUnderTest } from './token-source-contract';
export type { SeenTokenRequest, SigningCertificate, TokenApp, TokenEndpointAnswer, TokenStage, TokenWorld } from './token-stage';
