/** Reads the parameters of one item. An expression can put anything into any field, so every read checks what it got. */
import type { IExecuteFunctions } from 'n8n-workflow';
import { OnboardingError, secret } from '../../core/index';
import type { ItemParameters } from './operation';

export function parametersOf(host: Pick<IExecuteFunctions, 'getNodeParameter'>, itemIndex: number): ItemParameters {
  const read = (name: string): unknown => host.getNodeParameter(name, itemIndex, '', { extractValue: true });
  const text = (name: string) => {
    const value = read(name) ?? '';
    if (typeof value === 'string' || typeof value === 'number') return String(value).trim();
    throw invalid(name, 'must be text');
  };
  return {
    text,
    optionalText: (name) => text(name) || undefined,
    requiredText: (name) => {
      const value = text(name);
      if (value === '') throw invalid(name, 'is empty');
      return value;
    },
    optionalSecret: (name) => {
      const value = read(name) ?? '';
      if (typeof value !== 'string') throw invalid(name, 'must be text');
      return value === '' ? undefined : secret(value);
    },
    optionalNumber: (name) => {
      const value = text(name);
      const number = Number(value);
      if (value !== '' && !Number.isFinite(number)) throw invalid(name, 'must be a number');
      return value === '' ? undefined : number;
    },
    flag: (name) => read(name) === true,
    requiredJson: (name) => {
      const value = read(name) ?? '';
      if (value === '') throw invalid(name, 'is empty');
      return value;
    },
  };
}

function invalid(parameter: string, problem: string): OnboardingError {
  return new OnboardingError('INPUT_INVALID', `The parameter "${parameter}" ${problem}.`, { details: { parameter } });
}
