/**
 * The credential certificates of the partner's apps, as the command line and the nodes need them: generate, list, show,
 * and register on an app in the home tenant with proof that the token endpoint accepts it.
 */
export {};
