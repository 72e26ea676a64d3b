/** `SEEDS=20 npm run test:seeds -- sts-outage`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('sts-outage');
