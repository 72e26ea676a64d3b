/** The sentence to print, or undefined when `version` (like `v24.21.0`) will do. */
export declare function refusal(version: string): string | undefined;
