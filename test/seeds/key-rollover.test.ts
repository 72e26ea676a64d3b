/** `SEEDS=20 npm run test:seeds -- key-rollover`, or `SEED=17` for that one. */
import { defineSeeds } from './define-seeds';

defineSeeds('key-rollover');
