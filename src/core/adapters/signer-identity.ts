/** Who a process is to a rotation: the host, what runs on it, and how it is set up, so that it is the same after a restart. */
import { hostname } from 'node:os';
import type { SignerIdentity } from '../certificates/rotation/signers';
import { sha256Base64Url } from '../internal/encoding';

const PLACE_LENGTH = 16;

/** `program` is for people ("the command line"); `setUp` tells two of them on one host apart and is not kept, only its digest. */
export function identifySigner(program: string, setUp: string): SignerIdentity {
  const host = hostname();
  return { id: sha256Base64Url(JSON.stringify([host, program, setUp])).slice(0, PLACE_LENGTH), label: `${program} on ${host}` };
}
